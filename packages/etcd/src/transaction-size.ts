import { isTooMany } from './errors.ts'

/** etcd takes 128 operations in a transaction, unless its `--max-txn-ops` says otherwise. */
const USUAL = 128

type OperationsOf<T> = (each: T) => number

/** How many operations this etcd takes in a transaction: what it has refused as too many is tried in halves, and not again. */
export class TransactionSize {
  #most = USUAL

  /** So many transactions in one, and operations in each of them, are taken. etcd counts them together. */
  get mostTogether(): number {
    return Math.floor(this.#most / 4)
  }

  refused(operations: number): void {
    this.#most = Math.min(this.#most, Math.max(1, Math.floor(operations / 2)))
  }

  /** Sends as many at a time as fit into one transaction. What is refused as too many had no effect, and is sent once more. */
  async inChunks<T>(
    all: readonly T[],
    operationsOf: OperationsOf<T>,
    send: (chunk: readonly T[]) => Promise<void>,
  ): Promise<void> {
    await Promise.all(
      this.#chunksOf(all, operationsOf).map((chunk) => {
        return send(chunk).catch((error: unknown) => {
          if (!isTooMany(error) || chunk.length === 1) throw error
          this.refused(chunk.reduce((sum, each) => sum + operationsOf(each), 0))
          return this.inChunks(chunk, operationsOf, send)
        })
      }),
    )
  }

  #chunksOf<T>(all: readonly T[], operationsOf: OperationsOf<T>): T[][] {
    const chunks: T[][] = []
    let room = 0
    for (const each of all) {
      const operations = operationsOf(each)
      if (operations > room) {
        chunks.push([])
        room = this.#most
      }
      room -= operations
      chunks.at(-1)?.push(each)
    }
    return chunks
  }
}
