import type { EtcdConnection, Outcome, Transaction, TransactionAnswer } from './connection.ts'
import { isNotNow, isOfMember, isTooMany } from './errors.ts'
import { lineOf } from './namespace.ts'
import type { TransactionSize } from './transaction-size.ts'

interface Sent {
  readonly transaction: Transaction
  readonly resolve: (answer: TransactionAnswer) => void
  readonly reject: (error: unknown) => void
}

/** What goes out together. */
interface Joint {
  readonly lines: Set<string>
  readonly sent: Sent[]
}

/**
 * Transactions of one turn of the event loop go to etcd as one, in which each is nested with its own condition: one request, and one entry of the
 * log. etcd looks at all conditions before it carries anything out, so whatever looks at the same line goes out apart.
 */
export class JointTransactions {
  readonly #connection: EtcdConnection
  readonly #size: TransactionSize
  #gathered: Joint[] = []

  constructor(connection: EtcdConnection, size: TransactionSize) {
    this.#connection = connection
    this.#size = size
  }

  txn: EtcdConnection['txn'] = (transaction) => {
    if (operations(transaction) > this.#size.mostTogether) return this.#connection.txn(transaction)
    if (this.#gathered.length === 0) process.nextTick(() => this.#flush())
    return new Promise((resolve, reject) => this.#gather({ transaction, resolve, reject }))
  }

  #gather(sent: Sent): void {
    const lines = linesOf(sent.transaction)
    const most = this.#size.mostTogether
    const joint = this.#gathered.find((each) => each.sent.length < most && lines.every((line) => !each.lines.has(line)))
    if (joint === undefined) this.#gathered.push({ lines: new Set(lines), sent: [sent] })
    else {
      joint.sent.push(sent)
      for (const line of lines) joint.lines.add(line)
    }
  }

  #flush(): void {
    const gathered = this.#gathered
    this.#gathered = []
    for (const { sent } of gathered) {
      if (sent.length === 1) this.#sendApart(sent)
      else void this.#sendTogether(sent)
    }
  }

  async #sendTogether(sent: readonly Sent[]): Promise<void> {
    const nested = sent.map(({ transaction }) => ({ request_txn: transaction }))
    try {
      const { header, responses } = await this.#connection.txn({ compare: [], success: nested, failure: [] })
      for (const [i, { resolve }] of sent.entries()) resolve({ ...(responses[i]?.response_txn as Outcome), header })
    } catch (error) {
      if (isTooMany(error))
        this.#size.refused(sent.length + Math.max(...sent.map(({ transaction }) => operations(transaction))))
      // Refused as a whole because of one, whose etcd lease is no more, say: nothing took effect.
      if (isOfMember(error) || isNotNow(error)) for (const { reject } of sent) reject(error)
      else this.#sendApart(sent)
    }
  }

  #sendApart(sent: readonly Sent[]): void {
    for (const { transaction, resolve, reject } of sent) this.#connection.txn(transaction).then(resolve, reject)
  }
}

const operations = ({ compare, success, failure }: Transaction): number =>
  Math.max(compare.length, success.length, failure.length)

/** The locks whose lines it looks at or changes. */
function linesOf({ compare, success, failure }: Transaction): string[] {
  const operations = [...success, ...failure].map((operation) => Object.values(operation)[0] as { key: Buffer })
  return [...new Set([...compare, ...operations].map(({ key }) => lineOf(key.toString())))]
}
