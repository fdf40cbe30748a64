import { randomBytes } from 'node:crypto'
import { Attachment } from '../attachment.ts'
import type { LockBackend } from '../contract.ts'
import type { ConformanceTarget } from './target.ts'

/** From one answer to the next question. */
const REST_MS = 100

/** How long an answer under way is waited for where a case failed. One that does not come tells nothing of the machine. */
const LONGEST_ANSWER_MS = 5_000

/**
 * A client of its own that asks the server for a key of its own, beside the cases: how long it waits for an answer tells of the machine and of the way to the
 * server, and not of the client that a case looks at.
 */
export class Pulse {
  readonly #target: ConformanceTarget
  readonly #note: (answerMs: number) => void
  #listeners = 0
  #client: LockBackend | undefined
  #beat: Promise<void> | undefined
  #rest: NodeJS.Timeout | undefined

  constructor(target: ConformanceTarget, note: (answerMs: number) => void) {
    this.#target = target
    this.#note = note
  }

  /** Asks now and then until as many have ended as have begun. */
  begin(): void {
    this.#listeners += 1
    if (this.#client !== undefined) return
    const client = this.#target.open()
    client.attach?.(new Attachment())
    this.#client = client
    // The first connects, and tells nothing.
    this.#next(client, () => {})
  }

  async end(): Promise<void> {
    this.#listeners -= 1
    const client = this.#client
    if (this.#listeners > 0 || client === undefined) return
    clearTimeout(this.#rest)
    this.#client = undefined
    await client.close?.().catch(() => {})
  }

  /** The answer that is under way, if it comes before long. */
  async answered(): Promise<void> {
    if (this.#beat === undefined) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LONGEST_ANSWER_MS)
    })
    await Promise.race([this.#beat, late])
    clearTimeout(timer)
  }

  #next(client: LockBackend, note: (answerMs: number) => void): void {
    const begunMs = performance.now()
    const beat = trip(client).then((answered) => {
      if (answered) note(performance.now() - begunMs)
      if (this.#client === client) this.#rest = setTimeout(() => this.#next(client, this.#note), REST_MS)
    })
    this.#beat = beat
  }
}

/** Asks for a free key and gives it back. Never rejects: what is wrong with the backend is for the cases to find. */
export async function trip(client: LockBackend): Promise<boolean> {
  const claim = { key: `conformance:pace:${randomBytes(6).toString('hex')}`, holder: randomBytes(16).toString('hex') }
  const ttlMs = Math.max(1_000, client.capabilities.minTtlMs)
  try {
    const taken = await client.tryAcquire(claim, { ttlMs, metadata: undefined })
    return taken.granted && (await client.release(claim))
  } catch {
    return false
  }
}
