import type { Claim } from '@leasehold/core'
import type { EtcdConnection } from './connection.ts'
import type { Namespace } from './namespace.ts'
import type { TransactionSize } from './transaction-size.ts'
import { rangeOf, readValue, when } from './transactions.ts'

interface Asked {
  readonly claim: Claim
  readonly resolve: (why: string | undefined) => void
}

/** Why holds were ended by force. Whoever finds by a renewal that a hold is gone asks for it; what is asked in one turn of the event loop is one request. */
export class Reasons {
  readonly #connection: EtcdConnection
  readonly #namespace: Namespace
  readonly #size: TransactionSize
  #asked: Asked[] = []

  constructor(connection: EtcdConnection, namespace: Namespace, size: TransactionSize) {
    this.#connection = connection
    this.#namespace = namespace
    this.#size = size
  }

  /** Undefined: it was not, or that cannot be known now. Never rejects. */
  of(claim: Claim): Promise<string | undefined> {
    if (this.#asked.length === 0) process.nextTick(() => this.#flush())
    return new Promise((resolve) => this.#asked.push({ claim, resolve }))
  }

  #flush(): void {
    const asked = this.#asked
    this.#asked = []
    const looking = this.#size.inChunks(
      asked,
      () => 1,
      (chunk) => this.#look(chunk),
    )
    looking.catch(() => {
      for (const { resolve } of asked) resolve(undefined)
    })
  }

  async #look(chunk: readonly Asked[]): Promise<void> {
    const reads = chunk.map(({ claim }) => readValue(this.#namespace.reasonFor(claim.holder)))
    const answer = await this.#connection.txn(when([], reads))
    for (const [i, { resolve }] of chunk.entries()) resolve(rangeOf(answer, i)[0]?.value.toString())
  }
}
