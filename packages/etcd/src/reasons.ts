import type { Claim } from '@leasehold/core'
import type { EtcdConnection } from './connection.ts'
import type { Namespace } from './namespace.ts'
import { inChunks, rangeOf, readValue, when } from './transactions.ts'

interface Asked {
  readonly claim: Claim
  readonly resolve: (why: string | undefined) => void
}

/** Why holds were ended by force. Whoever finds by a renewal that a hold is gone asks for it; what is asked in one turn of the event loop is one request. */
export class Reasons {
  readonly #connection: EtcdConnection
  readonly #namespace: Namespace
  #asked: Asked[] = []

  constructor(connection: EtcdConnection, namespace: Namespace) {
    this.#connection = connection
    this.#namespace = namespace
  }

  /** Undefined: it was not, or that cannot be known now. Never rejects. */
  of(claim: Claim): Promise<string | undefined> {
    if (this.#asked.length === 0) process.nextTick(() => this.#flush())
    return new Promise((resolve) => this.#asked.push({ claim, resolve }))
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
