import type { Compare, Operation, Told, Transaction } from '../connection.ts'
import { frame } from './frames.ts'
import type { ProtobufWriter } from './protobuf-writer.ts'

// Messages to etcd, framed. The numbers are those of its `rpc.proto`, which are the same in 3.4, 3.5 and 3.6.

const RESULTS = { Equal: 0, Greater: 1, Less: 2 } as const
const TARGETS = { Create: 1, Mod: 2, Lease: 4 } as const
const ASCEND = 1
const BY_CREATION = 2
const NO_PUTS = Buffer.of(0)

export const nothing = (): Buffer => frame(() => {})

export const transaction = (asked: Transaction): Buffer => frame((to) => putTransaction(to, asked))

export const grant = (leaseId: string, seconds: number): Buffer =>
  frame((to) => {
    to.number(1, seconds)
    to.decimal(2, leaseId)
  })

/** Of a request that is about one lease: its end, its remaining time, a keepalive. */
export const lease = (leaseId: string): Buffer => frame((to) => to.decimal(1, leaseId))

export const login = (username: string, password: string): Buffer =>
  frame((to) => {
    to.text(1, username)
    to.text(2, password)
  })

/** What happens in one revision is told in parts where it is large, such as the end of a lease with thousands of keys. */
export const watch = (key: Buffer, rangeEnd: Buffer, what: Told): Buffer =>
  frame((to) =>
    to.message(1, () => {
      to.bytes(1, key)
      to.bytes(2, rangeEnd)
      if (what === 'deletions') to.bytes(5, NO_PUTS)
      to.number(8, 1)
    }),
  )

function putTransaction(to: ProtobufWriter, { compare, success, failure }: Transaction): void {
  for (const each of compare) to.message(1, () => putCompare(to, each))
  for (const each of success) to.message(2, () => putOperation(to, each))
  for (const each of failure) to.message(3, () => putOperation(to, each))
}

function putCompare(to: ProtobufWriter, asked: Compare): void {
  to.number(1, RESULTS[asked.result])
  to.number(2, TARGETS[asked.target])
  to.bytes(3, asked.key)
  // One of several: it is said, whatever it is.
  if (asked.create_revision !== undefined) to.decimalAlways(5, asked.create_revision)
  if (asked.mod_revision !== undefined) to.decimalAlways(6, asked.mod_revision)
  if (asked.lease !== undefined) to.halves(8, asked.lease.low, asked.lease.high)
  to.bytes(64, asked.range_end)
}

function putOperation(to: ProtobufWriter, asked: Operation): void {
  if ('request_range' in asked) {
    const { key, range_end, limit = 0, sort_order, sort_target, keys_only } = asked.request_range
    to.message(1, () => {
      to.bytes(1, key)
      to.bytes(2, range_end)
      to.number(3, limit)
      to.number(5, sort_order === undefined ? 0 : ASCEND)
      to.number(6, sort_target === undefined ? 0 : BY_CREATION)
      to.number(8, Number(keys_only ?? false))
    })
  } else if ('request_put' in asked) {
    const { key, value, lease: leaseId = '0', ignore_value, ignore_lease } = asked.request_put
    to.message(2, () => {
      to.bytes(1, key)
      to.bytes(2, value)
      to.decimal(3, leaseId)
      to.number(5, Number(ignore_value ?? false))
      to.number(6, Number(ignore_lease ?? false))
    })
  } else if ('request_delete_range' in asked) {
    to.message(3, () => to.bytes(1, asked.request_delete_range.key))
  } else to.message(4, () => putTransaction(to, asked.request_txn))
}
