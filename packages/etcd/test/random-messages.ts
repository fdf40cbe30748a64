import type { Compare, KeyValue, Operation, Outcome, Transaction, TransactionAnswer } from '../src/connection.ts'

/** A whole number from 0 up to, not including, `below`. */
export type Random = (below: number) => number

/** Always the same ones. */
export function randomFrom(seed: number): Random {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const DECIMALS = [
  '0',
  '1',
  '127',
  '128',
  '16384',
  '4294967295',
  '4294967296',
  '9007199254740991',
  '9007199254740993',
  '9223372036854775807',
]
/** Around the lengths at which a length takes a byte more. */
const LENGTHS = [1, 1, 2, 40, 40, 127, 128, 300, 16_384]

const oneOf = <T>(random: Random, all: readonly T[]): T => all[random(all.length)] as T
const decimal = (random: Random): string => oneOf(random, DECIMALS)
const few = <T>(random: Random, make: () => T): T[] => Array.from({ length: random(4) }, make)
const bytes = (random: Random): Buffer => Buffer.alloc(oneOf(random, LENGTHS), random(255) + 1)

function randomCompare(random: Random): Compare {
  const result = oneOf(random, ['Equal', 'Greater', 'Less'] as const)
  const about = { result, key: bytes(random), ...(random(2) === 0 && { range_end: bytes(random) }) }
  const ofLease = BigInt(decimal(random))
  return oneOf<Compare>(random, [
    { ...about, target: 'Create', create_revision: decimal(random) },
    { ...about, target: 'Mod', mod_revision: decimal(random) },
    {
      ...about,
      target: 'Lease',
      lease: {
        low: Number(BigInt.asIntN(32, ofLease)),
        high: Number(BigInt.asIntN(32, ofLease >> 32n)),
        unsigned: false,
      },
    },
  ])
}

function randomOperation(random: Random, depth: number): Operation {
  const key = bytes(random)
  const operations: Operation[] = [
    { request_range: { key } },
    {
      request_range: {
        key,
        range_end: bytes(random),
        limit: random(3),
        sort_order: 'Ascend',
        sort_target: 'Create',
        keys_only: random(2) === 0,
      },
    },
    { request_put: { key, value: bytes(random), lease: decimal(random) } },
    { request_put: { key, lease: decimal(random), ignore_value: true } },
    { request_put: { key, value: bytes(random), ignore_lease: true } },
    { request_delete_range: { key } },
  ]
  return depth > 0 && random(3) === 0
    ? { request_txn: randomTransaction(random, depth - 1) }
    : oneOf(random, operations)
}

export function randomTransaction(random: Random, depth = 2): Transaction {
  return {
    compare: few(random, () => randomCompare(random)),
    success: few(random, () => randomOperation(random, depth)),
    failure: few(random, () => randomOperation(random, depth)),
  }
}

const randomKeyValue = (random: Random): KeyValue => ({
  key: bytes(random),
  value: bytes(random),
  create_revision: decimal(random),
  mod_revision: decimal(random),
  lease: decimal(random),
})

/** One that etcd may give. */
export function randomAnswerTo(random: Random, { success, failure }: Transaction): TransactionAnswer {
  const succeeded = random(2) === 0
  const responses = (succeeded ? success : failure).map((each) => responseTo(random, each))
  return { header: { revision: decimal(random), raft_term: decimal(random) }, succeeded, responses }
}

function responseTo(random: Random, operation: Operation): Outcome['responses'][number] {
  if ('request_range' in operation) return { response_range: { kvs: few(random, () => randomKeyValue(random)) } }
  if ('request_delete_range' in operation) return { response_delete_range: { deleted: decimal(random) } }
  return 'request_txn' in operation ? { response_txn: randomAnswerTo(random, operation.request_txn) } : {}
}
