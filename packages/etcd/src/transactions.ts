import type { Compare, Int64, KeyValue, Operation, Transaction, TransactionAnswer } from './connection.ts'
import type { KeyRange } from './namespace.ts'

/** The line is empty: nobody holds the lock. */
export const isEmpty = ({ key, range_end }: KeyRange): Compare => ({
  result: 'Equal',
  target: 'Create',
  key,
  range_end,
  create_revision: '0',
})

export const isAbsent = (place: string): Compare => createdAt(place, 0n)

export const createdAt = (place: string, revision: bigint): Compare => ({
  result: 'Equal',
  target: 'Create',
  key: Buffer.from(place),
  create_revision: String(revision),
})

/** Whoever stands in the line stood there at this revision: nobody has come since. */
export const noneSince = ({ key, range_end }: KeyRange, revision: string): Compare => ({
  result: 'Less',
  target: 'Create',
  key,
  range_end,
  create_revision: String(BigInt(revision) + 1n),
})

/** Not changed since it was read: a move of it that comes late finds that another was made. */
export const unchangedSince = (place: string, modRevision: string): Compare => ({
  result: 'Equal',
  target: 'Mod',
  key: Buffer.from(place),
  mod_revision: modRevision,
})

export const exists = (place: string): Compare => ({
  result: 'Greater',
  target: 'Create',
  key: Buffer.from(place),
  create_revision: '0',
})

export const hangsOn = (place: string, leaseId: string): Compare => ({
  result: 'Equal',
  target: 'Lease',
  key: Buffer.from(place),
  lease: halvesOf(leaseId),
})

/** Of text, a client would compute them anew with each renewal of each hold. */
function halvesOf(id: string): Int64 {
  const whole = BigInt(id)
  return { low: Number(BigInt.asIntN(32, whole)), high: Number(BigInt.asIntN(32, whole >> 32n)), unsigned: false }
}

export const put = (place: string, value: string | undefined, lease: string): Operation => ({
  request_put: { key: Buffer.from(place), value: Buffer.from(value ?? ''), lease },
})

/** On the etcd lease on which it hangs. */
export const rewrite = (place: string, value: string): Operation => ({
  request_put: { key: Buffer.from(place), value: Buffer.from(value), ignore_lease: true },
})

/** A put with another lease keeps the create revision, which is the token. */
export const moveTo = (place: string, lease: string): Operation => ({
  request_put: { key: Buffer.from(place), lease, ignore_value: true },
})

/** What it writes hung elsewhere before, some of it. */
export const isMove = ({ success }: Transaction): boolean =>
  success.some((operation) => 'request_put' in operation && operation.request_put.ignore_value)

export const remove = (place: string): Operation => ({ request_delete_range: { key: Buffer.from(place) } })

export const readPlace = (place: string): Operation => ({
  request_range: { key: Buffer.from(place), keys_only: true },
})

/** With what it says of itself. */
export const readValue = (key: string): Operation => ({ request_range: { key: Buffer.from(key) } })

/** With what they say of themselves, in the order of their arrival. */
export const readValues = (line: KeyRange): Operation => ({
  request_range: { ...line, sort_order: 'Ascend', sort_target: 'Create' },
})

/** In the order of the keys. */
export const readPage = (range: KeyRange, limit: number): Operation => ({ request_range: { ...range, limit } })

/** Who holds the lock, and after it who waits, in the order of their arrival. */
export const readLine = (line: KeyRange): Operation => ({
  request_range: { ...line, sort_order: 'Ascend', sort_target: 'Create', keys_only: true },
})

export const readHolder = (line: KeyRange): Operation => ({
  request_range: { ...line, sort_order: 'Ascend', sort_target: 'Create', limit: 1, keys_only: true },
})

/** With what the holder says of itself. */
export const readHold = (line: KeyRange): Operation => ({
  request_range: { ...line, sort_order: 'Ascend', sort_target: 'Create', limit: 1 },
})

export const when = (compare: Compare[], success: Operation[], failure: Operation[] = []): Transaction => ({
  compare,
  success,
  failure,
})

/** What the nth operation of an answer has read. */
export const rangeOf = (answer: TransactionAnswer, index: number): readonly KeyValue[] =>
  answer.responses[index]?.response_range?.kvs ?? []

/** Whether the nth operation of an answer has removed anything. */
export const hasRemoved = (answer: TransactionAnswer, index: number): boolean =>
  Number(answer.responses[index]?.response_delete_range?.deleted ?? 0) > 0

export const placeIn = ({ key }: KeyValue): string => key.toString()
