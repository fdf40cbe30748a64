import type { KeyValue, Operation, Outcome, Transaction, TransactionAnswer } from '../connection.ts'
import { MalformedError, type ProtobufReader } from './protobuf-reader.ts'

// Messages from etcd. What is not needed is skipped. The cases are tags: eight times the number of the field, and 2 for what has a length.

const NONE = Buffer.alloc(0)

type Written<T> = { -readonly [K in keyof T]: T[K] }
type Response = Outcome['responses'][number]

/** Throws a `MalformedError` where the answer is not one to what was asked: taken for an empty line, it would grant. */
export function transactionAnswer(from: ProtobufReader, asked: Transaction): TransactionAnswer {
  const answer = outcome(from)
  assertAnswers(asked, answer)
  return answer
}

function outcome(from: ProtobufReader): TransactionAnswer {
  const responses: Response[] = []
  const answer = { header: { revision: '0', raft_term: '0' }, succeeded: false, responses }
  for (let tag = from.next(); tag !== 0; tag = from.next()) {
    if (tag === 10) answer.header = header(from.message())
    else if (tag === 16) answer.succeeded = from.boolean()
    else if (tag === 26) responses.push(response(from.message()))
    else from.skip(tag)
  }
  return answer
}

const OF_RANGE = 'response_range'
const OF_DELETION = 'response_delete_range'
const OF_TRANSACTION = 'response_txn'

function assertAnswers({ success, failure }: Transaction, { succeeded, responses }: Outcome): void {
  const operations = succeeded ? success : failure
  const isComplete = operations.length === responses.length
  if (!isComplete || !responses.every((each, i) => isAnswerTo(operations[i] as Operation, each)))
    throw new MalformedError('the answer to a transaction is not about its operations')
}

function isAnswerTo(operation: Operation, answer: Response): boolean {
  if ('request_range' in operation) return OF_RANGE in answer
  if ('request_delete_range' in operation) return OF_DELETION in answer
  if ('request_put' in operation) return Object.keys(answer).length === 0
  if (answer.response_txn === undefined) return false
  assertAnswers(operation.request_txn, answer.response_txn)
  return true
}

function header(from: ProtobufReader): TransactionAnswer['header'] {
  const read = { revision: '0', raft_term: '0' }
  for (let tag = from.next(); tag !== 0; tag = from.next()) {
    if (tag === 24) read.revision = from.decimal()
    else if (tag === 32) read.raft_term = from.decimal()
    else from.skip(tag)
  }
  return read
}

/** What a put says of itself is not read. */
function response(from: ProtobufReader): Response {
  let read: Response = {}
  for (let tag = from.next(); tag !== 0; tag = from.next()) {
    if (tag === 10) read = { [OF_RANGE]: { kvs: range(from.message()) } }
    else if (tag === 26) read = { [OF_DELETION]: { deleted: numberIn(from.message(), 16) } }
    else if (tag === 34) read = { [OF_TRANSACTION]: outcome(from.message()) }
    else from.skip(tag)
  }
  return read
}

function range(from: ProtobufReader): KeyValue[] {
  const kvs: KeyValue[] = []
  for (let tag = from.next(); tag !== 0; tag = from.next()) {
    if (tag === 18) kvs.push(keyValue(from.message()))
    else from.skip(tag)
  }
  return kvs
}

function keyValue(from: ProtobufReader): KeyValue {
  const read = fieldsOfKey(from)
  if (read.key.length === 0) throw new MalformedError('a key is missing')
  return read
}

function fieldsOfKey(from: ProtobufReader): KeyValue {
  const read: Written<KeyValue> = { key: NONE, value: NONE, create_revision: '0', mod_revision: '0', lease: '0' }
  for (let tag = from.next(); tag !== 0; tag = from.next()) {
    if (tag === 10) read.key = from.bytes()
    else if (tag === 16) read.create_revision = from.decimal()
    else if (tag === 24) read.mod_revision = from.decimal()
    else if (tag === 42) read.value = from.bytes()
    else if (tag === 48) read.lease = from.decimal()
    else from.skip(tag)
  }
  return read
}

/** A field that is a number; 0 where it is not there. */
function numberIn(from: ProtobufReader, tag: number): string {
  let read = '0'
  for (let each = from.next(); each !== 0; each = from.next()) {
    if (each === tag) read = from.decimal()
    else from.skip(each)
  }
  return read
}

/** Seconds, of a grant or of the time that remains: negative where the lease is gone. */
export const seconds = (from: ProtobufReader): number => Number(numberIn(from, 24))

export function grantedSeconds(from: ProtobufReader): number {
  const granted = seconds(from)
  if (granted <= 0) throw new MalformedError('a lease was granted without a time')
  return granted
}

/** Of a member. */
export const isLearner = (from: ProtobufReader): boolean => numberIn(from, 80) !== '0'

/** Nothing in it is needed; it is looked at all the same. */
export function nothing(from: ProtobufReader): void {
  for (let tag = from.next(); tag !== 0; tag = from.next()) from.skip(tag)
}

export interface Alive {
  readonly leaseId: string
  /** 0: it is gone. */
  readonly seconds: number
  readonly term: string
}

export function alive(from: ProtobufReader): Alive {
  const read = { leaseId: '0', seconds: 0, term: '0' }
  for (let tag = from.next(); tag !== 0; tag = from.next()) {
    if (tag === 10) read.term = header(from.message()).raft_term
    else if (tag === 16) read.leaseId = from.decimal()
    else if (tag === 24) read.seconds = Number(from.decimal())
    else from.skip(tag)
  }
  return read
}

/** What every request shows from then on. */
export function token(from: ProtobufReader): string {
  let read = ''
  for (let tag = from.next(); tag !== 0; tag = from.next()) {
    if (tag === 18) read = from.text()
    else from.skip(tag)
  }
  // It becomes a header, which has no room for anything else.
  if (!/^[\x21-\x7e]+$/.test(read)) throw new MalformedError('a login brought no token')
  return read
}

export interface Watched {
  readonly isCreated: boolean
  /** Why it has ended; undefined: it goes on. */
  readonly cancelled: string | undefined
  readonly changes: readonly { readonly key: string; readonly revision: bigint }[]
}

export function watched(from: ProtobufReader): Watched {
  const changes: Watched['changes'][number][] = []
  let [isCreated, isCancelled, why] = [false, false, '']
  for (let tag = from.next(); tag !== 0; tag = from.next()) {
    if (tag === 24) isCreated = from.boolean()
    else if (tag === 32) isCancelled = from.boolean()
    else if (tag === 50) why = from.text()
    else if (tag === 90) changes.push(change(from.message()))
    else from.skip(tag)
  }
  return { isCreated, cancelled: isCancelled ? why : undefined, changes }
}

function change(from: ProtobufReader): Watched['changes'][number] {
  let read: KeyValue | undefined
  for (let tag = from.next(); tag !== 0; tag = from.next()) {
    if (tag === 18) read = keyValue(from.message())
    else from.skip(tag)
  }
  if (read === undefined) throw new MalformedError('a change has no key')
  return { key: read.key.toString(), revision: BigInt(read.mod_revision) }
}
