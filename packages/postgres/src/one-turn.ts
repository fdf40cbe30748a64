import type { Claim, Contended, Grant, Terms } from '@leasehold/core'
import { isTrue } from './answers.ts'
import { releaseSome } from './batches.ts'
import { answerOf, byPlace, type Calls, columns } from './calls.ts'
import { classifyPostgresError, leavesSession } from './refusals.ts'

/** In one statement. */
const MOST = 64

interface Waiting<Asked, Answer> {
  readonly asked: Asked
  resolve(answer: Answer | PromiseLike<Answer>): void
  reject(error: unknown): void
}

/**
 * What is asked for in one turn of the event loop goes as one statement: one trip, one commit, one wait for the disk. What is alone goes as it is, and so does what
 * `askMany` has no answer to, and each of those whose statement was refused as a whole.
 */
class Gathering<Asked, Answer> {
  readonly #askOne: (asked: Asked) => Promise<Answer>
  readonly #askMany: (asked: readonly Asked[]) => Promise<readonly (Answer | undefined)[]>
  #waiting: Waiting<Asked, Answer>[] = []

  constructor(
    askOne: (asked: Asked) => Promise<Answer>,
    askMany: (asked: readonly Asked[]) => Promise<readonly (Answer | undefined)[]>,
  ) {
    this.#askOne = askOne
    this.#askMany = askMany
  }

  ask(asked: Asked): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) process.nextTick(() => this.#flush())
      this.#waiting.push({ asked, resolve, reject })
    })
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (let start = 0; start < waiting.length; start += MOST) void this.#send(waiting.slice(start, start + MOST))
  }

  async #send(waiting: readonly Waiting<Asked, Answer>[]): Promise<void> {
    const answers = waiting.length === 1 ? [] : await this.#together(waiting)
    if (answers === undefined) return
    for (const [index, { asked, resolve }] of waiting.entries()) resolve(answers[index] ?? this.#askOne(asked))
  }

  /** Undefined where all were told of the failure. */
  async #together(waiting: readonly Waiting<Asked, Answer>[]): Promise<readonly (Answer | undefined)[] | undefined> {
    try {
      return await this.#askMany(waiting.map(({ asked }) => asked))
    } catch (error) {
      // Perhaps because of one of them. Nothing took effect.
      if (leavesSession(error) || classifyPostgresError(error) === 'refused') return []
      for (const { reject } of waiting) reject(error)
      return undefined
    }
  }
}

interface Attempt extends Claim, Terms {}

/** Of whole keys. */
export class OneTurn {
  readonly #attempts: Gathering<Attempt, Grant | Contended>
  readonly #releases: Gathering<Claim, boolean>

  constructor(calls: Calls) {
    this.#attempts = new Gathering(
      (attempt) => take(calls, attempt),
      (attempts) => takeSome(calls, attempts),
    )
    this.#releases = new Gathering(
      async ({ key, holder }) => isTrue(await calls.outcome('give_back', key, holder)),
      (claims) => releaseSome(calls, claims, 0),
    )
  }

  tryAcquire(claim: Claim, terms: Terms): Promise<Grant | Contended> {
    return this.#attempts.ask({ ...claim, ...terms })
  }

  release(claim: Claim): Promise<boolean> {
    return this.#releases.ask(claim)
  }
}

/** A record as text: whether it is granted, how long that remains so in milliseconds, the token. */
async function take({ value }: Calls, { key, holder, ttlMs, metadata }: Attempt): Promise<Grant | Contended> {
  const record = await value('take_whole($1, $2, $3, $4)', key, holder, ttlMs, metadata ?? null)
  const [granted, remaining_ms, fencing_token] = String(record).slice(1, -1).split(',')
  return answerOf({ granted, remaining_ms: remaining_ms || null, fencing_token })
}

async function takeSome(
  { table }: Calls,
  attempts: readonly Attempt[],
): Promise<readonly (Grant | Contended | undefined)[]> {
  const ttlsMs = attempts.map(({ ttlMs }) => ttlMs)
  const shown = attempts.map(({ metadata = '' }) => metadata)
  const answers = byPlace(await table('take_some($1, $2, $3, $4)', ...columns(attempts), ttlsMs, shown))
  return attempts.map((_, index) => {
    const row = answers.get(index + 1)
    return row && answerOf(row)
  })
}
