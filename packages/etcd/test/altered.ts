import type { Claim } from '@leasehold/core'
import { afterAll, afterEach } from 'vitest'
import { backendAt } from '../src/backend.ts'
import { connectEtcd } from '../src/client/connect.ts'
import type { EtcdConnection, OnEnd, Transaction, TransactionAnswer } from '../src/connection.ts'
import { EtcdError } from '../src/errors.ts'
import type { EtcdBackend, EtcdBackendOptions } from '../src/index.ts'
import { startTestEtcd, type TestEtcd, terms } from './server.ts'

export type Send = () => Promise<TransactionAnswer>
export type Alter = (transaction: Transaction, send: Send) => Promise<TransactionAnswer>

export const asUsual: Alter = (_, send) => send()

/** What becomes of requests on their way, and what was seen of them. */
export const fate = {
  txn: asUsual,
  /** How often it was asked how long an etcd lease lasts. */
  looksAtLeases: 0,
  /** False: keepalives are swallowed. */
  keepsAlive: true,
  /** Each ends a watch for whoever opened it. */
  endsOfWatches: [] as OnEnd[],
}

function asUsualAgain(): void {
  fate.txn = asUsual
  fate.looksAtLeases = 0
  fate.keepsAlive = true
  fate.endsOfWatches = []
}

/** For the tests of one file. Requests to it have their `fate`, which is as usual again after each of them. */
export async function startAlteredEtcd(): Promise<TestEtcd> {
  const etcd = await startTestEtcd({}, alteredBackend)
  afterAll(() => etcd.stop())
  afterEach(asUsualAgain)
  return etcd
}

const alteredBackend = ({ hosts, ...settings }: EtcdBackendOptions): EtcdBackend =>
  backendAt(hosts, settings, (host, deadlineMs) => altered(connectEtcd({ hosts: host }, deadlineMs)))

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

/** Holds up the next request that is so. */
export function holdUp(isSo: (transaction: Transaction) => boolean) {
  const [came, gone] = [gate(), gate()]
  const others = fate.txn
  let isNext = true
  fate.txn = async (transaction, send) => {
    if (!isNext || !isSo(transaction)) return others(transaction, send)
    isNext = false
    came.open()
    await gone.opened
    return send()
  }
  return { came: came.opened, letGo: gone.open }
}

/** A wait that may be given up. */
export function waitFor(backend: EtcdBackend, claim: Claim) {
  const abort = new AbortController()
  const turn = backend.waitForTurn?.(claim, terms(), abort.signal)
  turn?.catch(() => {})
  return { abort, turn }
}

/** Of a place in line, whoever holds the key. */
export const isEntry = ({ compare: [one], success }: Transaction): boolean =>
  one?.target === 'Create' && one.range_end === undefined && success.some((operation) => 'request_put' in operation)

/** At an empty line. */
export const isAttempt = ({ compare: [one] }: Transaction): boolean => one?.range_end !== undefined

export const isRemoval = ({ success }: Transaction): boolean =>
  success.some((operation) => 'request_delete_range' in operation)

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
