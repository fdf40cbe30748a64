import type { Claim, Clock } from '@leasehold/core'
import type { EtcdConnection } from './connection.ts'
import type { Namespace } from './namespace.ts'
import { inChunks, rangeOf, readValue, when } from './transactions.ts'

/** A loss is told after so long at the latest, with its reason or without. */
const LOSS_WAITS_MS = 250

interface Asked {
  readonly claim: Claim
  readonly resolve: (why: string | undefined) => void
}

/** Why holds were ended by force. Whoever finds that a hold is gone asks for it; what is asked in one turn of the event loop is one request. */
export class Reasons {
  readonly #connection: EtcdConnection
  readonly #namespace: Namespace
  readonly #clock: Clock
  #asked: Asked[] = []

  constructor(connection: EtcdConnection, namespace: Namespace, clock: Clock) {
    this.#connection = connection
    this.#namespace = namespace
    this.#clock = clock
  }

  /** Undefined: it was not, or that cannot be known now. Never rejects. */
  of(claim: Claim): Promise<string | undefined> {
    if (this.#asked.length === 0) process.nextTick(() => this.#flush())
    return new Promise((resolve) => this.#asked.push({ claim, resolve }))
  }

  /** For a loss that must be told soon. */
  async soon(claim: Claim): Promise<string | undefined> {
    let cancel = () => {}
    const late = new Promise<undefined>((resolve) => {
      cancel = this.#clock.setTimer(LOSS_WAITS_MS, () => resolve(undefined))
    })
    const why = await Promise.race([this.of(claim), late])
    cancel()
    return why
  }

  #flush(): void {
    const asked = this.#asked
    this.#asked = []
    for (const chunk of inChunks(asked)) void this.#look(chunk)
  }

  async #look(chunk: readonly Asked[]): Promise<void> {
    const reads = chunk.map(({ claim }) => readValue(this.#namespace.reasonFor(claim.holder)))
    const answer = await this.#connection.txn(when([], reads)).catch(() => undefined)
    for (const [i, { resolve }] of chunk.entries()) resolve(answer && rangeOf(answer, i)[0]?.value.toString())
  }
}
