import { describe, expect, it } from 'vitest'
import { classifyEtcdError, isPassing, isUnknown } from '../src/errors.ts'
import { toEtcdError } from '../src/server-errors.ts'

/** As etcd 3.4 to 3.6 says it, or gRPC's client for JavaScript. */
const WORDS = {
  NOT_NOW: [
    '8 RESOURCE_EXHAUSTED: etcdserver: mvcc: database space exceeded',
    '8 RESOURCE_EXHAUSTED: etcdserver: too many requests',
    '15 DATA_LOSS: etcdserver: corrupt cluster',
    '3 INVALID_ARGUMENT: etcdserver: revision of auth store is old',
    '16 UNAUTHENTICATED: etcdserver: invalid auth token',
  ],
  LEARNER: ['14 UNAVAILABLE: etcdserver: rpc not supported for learner'],
  NO_LEADER: ['14 UNAVAILABLE: etcdserver: no leader', '2 UNKNOWN: raft proposal dropped'],
  NOT_SENT: [
    '14 UNAVAILABLE: No connection established. Last error: connect ECONNREFUSED 127.0.0.1:1. Resolution note: ',
    '14 UNAVAILABLE: Name resolution failed for target dns:etcd.example:2379',
  ],
  LEASE_GONE: ['5 NOT_FOUND: etcdserver: requested lease not found'],
  DEADLINE_EXCEEDED: [
    '4 DEADLINE_EXCEEDED: Deadline exceeded after 2.0s',
    '14 UNAVAILABLE: etcdserver: request timed out',
    '14 UNAVAILABLE: etcdserver: request timed out, possibly due to previous leader failure',
    '14 UNAVAILABLE: etcdserver: request timed out, possibly due to connection lost',
    '14 UNAVAILABLE: etcdserver: request timed out, waiting for the applied index took too long',
  ],
  UNAVAILABLE: [
    '14 UNAVAILABLE: etcdserver: leader changed',
    '14 UNAVAILABLE: etcdserver: server stopped',
    '14 UNAVAILABLE: Connection dropped',
    '13 INTERNAL: Received RST_STREAM with code 2',
  ],
} as const

const REFUSALS = {
  UNAUTHENTICATED: ['3 INVALID_ARGUMENT: etcdserver: authentication failed, invalid user ID or password'],
  PERMISSION_DENIED: ['7 PERMISSION_DENIED: etcdserver: permission denied'],
  TOO_MANY_OPERATIONS: ['3 INVALID_ARGUMENT: etcdserver: too many operations in txn request'],
  INVALID: ['3 INVALID_ARGUMENT: etcdserver: request is too large'],
} as const

const flat = (words: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(words).flatMap(([code, texts]) => texts.map((text) => [code, text] as const))

describe('what etcd says', () => {
  it.each(flat(WORDS))('is %s: %s', (code, text) => {
    const error = toEtcdError(new Error(text))
    expect(error).toMatchObject({ code, message: text })
    expect(classifyEtcdError(error)).toBe('unavailable')
    // Whether it took effect is unknown, or it did not; and its etcd lease is there, or is not.
    const isOver = code === 'LEASE_GONE'
    expect([isUnknown(error), isPassing(error), isOver].filter(Boolean)).toHaveLength(1)
    expect(isUnknown(error)).toBe(code === 'UNAVAILABLE' || code === 'DEADLINE_EXCEEDED')
  })

  it.each(flat(REFUSALS))('is a refusal, %s: %s', (code, text) => {
    const error = toEtcdError(new Error(text))
    expect(error.code).toBe(code)
    expect(classifyEtcdError(error)).toBe('refused')
    expect(isUnknown(error) || isPassing(error)).toBe(false)
  })
})
