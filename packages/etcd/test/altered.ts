import type * as Connections from '../src/client/connect.ts'
import type { EtcdConnection, OnEnd, Transaction, TransactionAnswer } from '../src/connection.ts'
import { EtcdError } from '../src/errors.ts'

export type Send = () => Promise<TransactionAnswer>
export type Alter = (transaction: Transaction, send: Send) => Promise<TransactionAnswer>

export const asUsual: Alter = (_, send) => send()

/** What becomes of requests on their way, and what was seen of them. For `vi.mock` of what connects. */
export const fate = {
  txn: asUsual,
  /** How often it was asked how long an etcd lease lasts. */
  looksAtLeases: 0,
  /** False: keepalives are swallowed. */
  keepsAlive: true,
  /** Each ends a watch for whoever opened it. */
  endsOfWatches: [] as OnEnd[],
}

export function asUsualAgain(): void {
  fate.txn = asUsual
  fate.looksAtLeases = 0
  fate.keepsAlive = true
  fate.endsOfWatches = []
}

export function altering(real: typeof Connections): typeof Connections {
  const connectEtcd: typeof real.connectEtcd = (options, deadlineMs) => altered(real.connectEtcd(options, deadlineMs))
  return { ...real, connectEtcd }
}

const altered = (connection: EtcdConnection): EtcdConnection => ({
  ...connection,
  txn: (transaction) => fate.txn(transaction, () => connection.txn(transaction)),
  remainingSeconds(leaseId) {
    fate.looksAtLeases += 1
    return connection.remainingSeconds(leaseId)
  },
  async keepAlive(onAlive, onEnd) {
    const stream = await connection.keepAlive(onAlive, onEnd)
    return { ...stream, send: (leaseId) => fate.keepsAlive && stream.send(leaseId) }
  },
  watch(key, rangeEnd, what, onChange, onEnd) {
    fate.endsOfWatches.push(onEnd)
    return connection.watch(key, rangeEnd, what, onChange, onEnd)
  },
})

/** It is carried out, and not answered. */
export const unheard = async (send: Send): Promise<never> => {
  await send()
  throw new EtcdError('UNAVAILABLE', 'the connection was cut')
}

/** Holds something up until it is opened. */
export function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

/** Also within those that were sent together. */
export function each({ success, ...own }: Transaction): Transaction[] {
  const nested = success.flatMap((operation) => ('request_txn' in operation ? each(operation.request_txn) : []))
  return nested.length > 0 ? nested : [{ ...own, success }]
}

const keysIn = ({ compare, success }: Transaction): string[] => [
  ...compare.map(({ key }) => key.toString()),
  ...success.map((operation) => (Object.values(operation)[0] as { key?: Buffer }).key?.toString() ?? ''),
]

/** About this lock, or this claim. */
export const isAbout = (text: string, transaction: Transaction): boolean =>
  each(transaction).some((one) => keysIn(one).some((key) => key.includes(encodeURIComponent(text))))
