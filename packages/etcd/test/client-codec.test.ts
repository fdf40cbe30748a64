import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import * as answers from '../src/client/answers.ts'
import { Frames } from '../src/client/frames.ts'
import { MalformedError, ProtobufReader } from '../src/client/protobuf-reader.ts'
import * as requests from '../src/client/requests.ts'
import type { Outcome, Transaction } from '../src/connection.ts'
import { type Random, randomAnswerTo, randomFrom, randomTransaction } from './random-messages.ts'

interface Coder {
  requestSerialize(message: object): Buffer
  requestDeserialize(bytes: Buffer): object
  responseSerialize(message: object): Buffer
}

/** Another implementation of the protocol, on etcd's own definitions: that of the package `etcd3`. */
const etcd3 = createRequire(createRequire(import.meta.url).resolve('etcd3'))
const protocol = join(dirname(etcd3.resolve('etcd3')), '..', 'proto', 'rpc.proto')
type Definitions = Readonly<Record<string, Readonly<Record<string, Coder>>>>
/** `defaults`: what was left out is told, too. */
const definitions = (defaults: boolean): Definitions =>
  etcd3('@grpc/proto-loader').loadSync(protocol, { keepCase: true, longs: String, enums: String, defaults })
const [asWritten, inFull] = [definitions(false), definitions(true)]
const coder = (service: string, method: string, by = asWritten) => by[`etcdserverpb.${service}`]?.[method] as Coder
const txn = coder('KV', 'Txn')

const messageIn = (frame: Buffer): Buffer => [...new Frames(2 ** 24).add(frame)][0] as Buffer
const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))

describe('messages', () => {
  it('of requests are what another implementation makes of the same', () => {
    const random = randomFrom(1)
    const { requestSerialize, requestDeserialize } = coder('KV', 'Txn', inFull)
    for (const asked of times(100, () => randomTransaction(random))) {
      const read = requestDeserialize(messageIn(requests.transaction(asked)))
      expect(isDeepStrictEqual(read, requestDeserialize(requestSerialize(asked)))).toBe(true)
    }
  })

  it.each([
    ['Lease', 'LeaseGrant', requests.grant('9223372036854775807', 10), { ID: '9223372036854775807', TTL: '10' }],
    ['Lease', 'LeaseRevoke', requests.lease('9007199254740993'), { ID: '9007199254740993' }],
    ['Lease', 'LeaseKeepAlive', requests.lease('1'), { ID: '1' }],
    ['Auth', 'Authenticate', requests.login('jürgen', 'pass'), { name: 'jürgen', password: 'pass' }],
    [
      'Watch',
      'Watch',
      requests.watch(Buffer.of(1), Buffer.of(2), 'deletions'),
      { create_request: { key: Buffer.of(1), range_end: Buffer.of(2), filters: ['Noput'], fragment: true } },
    ],
    [
      'Watch',
      'Watch',
      requests.watch(Buffer.of(1), Buffer.of(2), 'all'),
      { create_request: { key: Buffer.of(1), range_end: Buffer.of(2), fragment: true } },
    ],
  ])('to %s/%s are read as they were meant: %#', (service, method, frame, meant) => {
    expect(coder(service, method).requestDeserialize(messageIn(frame))).toEqual(meant)
  })

  it('of answers are read as another implementation wrote them', () => {
    const random = randomFrom(2)
    for (const asked of times(100, () => randomTransaction(random))) {
      const answer = randomAnswerTo(random, asked)
      const read = answers.transactionAnswer(new ProtobufReader(txn.responseSerialize(written(answer))), asked)
      expect(isDeepStrictEqual(read, answer)).toBe(true)
    }
  })

  it('tell of leases, members, tokens and changes', () => {
    const read = <T>(service: string, method: string, message: object, by: (from: ProtobufReader) => T): T =>
      by(new ProtobufReader(coder(service, method).responseSerialize(message)))
    const header = { revision: '5', cluster_id: '18446744073709551615', raft_term: '3' }
    expect(read('Lease', 'LeaseGrant', { header, ID: '7', TTL: 3 }, answers.grantedSeconds)).toBe(3)
    expect(read('Lease', 'LeaseTimeToLive', { header, ID: '7', TTL: -1 }, answers.seconds)).toBe(-1)
    expect(read('Lease', 'LeaseKeepAlive', { header, ID: '9007199254740993', TTL: 9 }, answers.alive)).toEqual({
      leaseId: '9007199254740993',
      seconds: 9,
      term: '3',
    })
    expect(read('Maintenance', 'Status', { header, isLearner: true }, answers.isLearner)).toBe(true)
    expect(read('Maintenance', 'Status', { header, version: '3.4.23' }, answers.isLearner)).toBe(false)
    expect(read('Auth', 'Authenticate', { header, token: 'abc.1' }, answers.token)).toBe('abc.1')
    const kv = { key: Buffer.from('kä'), mod_revision: '9007199254740993' }
    const watched = { header, created: true, canceled: true, cancel_reason: 'no', events: [{ type: 'DELETE', kv }] }
    expect(read('Watch', 'Watch', watched, answers.watched)).toEqual({
      isCreated: true,
      cancelled: 'no',
      changes: [{ key: 'kä', revision: 9_007_199_254_740_993n }],
    })
  })
})

/** A put says at least that it was one. */
function written({ responses, ...rest }: Outcome): object {
  const each = ({ response_txn, ...other }: Outcome['responses'][number]) =>
    response_txn !== undefined ? { response_txn: written(response_txn) } : other
  return {
    ...rest,
    responses: responses.map((one) => (Object.keys(one).length === 0 ? { response_put: {} } : each(one))),
  }
}

const NOTHING: Transaction = { compare: [], success: [], failure: [] }
const READERS: readonly ((from: ProtobufReader) => unknown)[] = [
  (from) => answers.transactionAnswer(from, NOTHING),
  answers.seconds,
  answers.grantedSeconds,
  answers.isLearner,
  answers.nothing,
  answers.alive,
  answers.token,
  answers.watched,
]

/** Whether these bytes were an answer to somebody: whatever they are, reading them ends, and does nothing else. */
function isAnswer(bytes: Buffer, read: (from: ProtobufReader) => unknown): boolean {
  try {
    read(new ProtobufReader(bytes))
    return true
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error
    return false
  }
}

/** Some bits of it are others. */
function altered(random: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  for (let changes = random(4) + 1; changes > 0; changes -= 1) copy[random(copy.length)] = random(256)
  return copy
}

const cut = (random: Random, bytes: Buffer): Buffer => bytes.subarray(0, random(bytes.length))

describe('whatever bytes come', () => {
  it('are an answer, or told to be none', () => {
    const random = randomFrom(3)
    const verdicts = times(1_000, () => {
      const bytes = Buffer.from(times(random(60), () => random(256)))
      return READERS.map((read) => isAnswer(bytes, read))
    }).flat()
    expect(new Set(verdicts)).toEqual(new Set([true, false]))
  })

  it('are told to be none where an answer is altered beyond what it may be, or cut short', () => {
    const random = randomFrom(4)
    const none = times(50, () => randomTransaction(random)).flatMap((asked) => {
      const read = (from: ProtobufReader) => answers.transactionAnswer(from, asked)
      const bytes = txn.responseSerialize(written(randomAnswerTo(random, asked)))
      expect(isAnswer(bytes, read)).toBe(true)
      const others = [...times(20, () => altered(random, bytes)), ...times(20, () => cut(random, bytes))]
      return others.filter((each) => !isAnswer(each, read))
    })
    expect(none.length).toBeGreaterThan(0)
  })

  it.each([
    ['a number without an end', Buffer.alloc(11, 0xff)],
    ['a length beyond the message', Buffer.of(0x0a, 0x7f, 1)],
    ['a length beyond all bounds', Buffer.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)],
    ['a field without a number', Buffer.of(0x02, 0)],
    ['a field of a type that there is not', Buffer.of(0x0f)],
    ['a group', Buffer.of(0x0b, 0x0c)],
    ['a fixed number that is cut short', Buffer.of(0x09, 1, 2, 3)],
  ])('%s is malformed', (_, bytes) => {
    for (const read of READERS) expect(isAnswer(bytes, read)).toBe(false)
  })

  it('messages nested beyond all that is asked for are malformed', () => {
    let nested = Buffer.alloc(0)
    // responses { response_txn { responses { …
    for (let depth = 0; depth < 15; depth += 1) {
      nested = Buffer.concat([Buffer.of(0x22, nested.length), nested])
      nested = Buffer.concat([Buffer.of(0x1a, nested.length), nested])
    }
    expect(isAnswer(nested, (from) => answers.transactionAnswer(from, NOTHING))).toBe(false)
  })

  it('an answer that leaves something out would be taken for an empty line, and is none', () => {
    const asked: Transaction = {
      compare: [],
      success: [{ request_range: { key: Buffer.of(1) } }],
      failure: [],
    }
    const read = (from: ProtobufReader) => answers.transactionAnswer(from, asked)
    const bytes = (message: object) => txn.responseSerialize(message)
    expect(isAnswer(bytes({ succeeded: true, responses: [{ response_range: {} }] }), read)).toBe(true)
    expect(isAnswer(bytes({ succeeded: true, responses: [] }), read)).toBe(false)
    expect(isAnswer(bytes({ succeeded: true, responses: [{ response_put: {} }] }), read)).toBe(false)
    expect(isAnswer(bytes({ responses: [{ response_range: {} }] }), read)).toBe(false)
    expect(isAnswer(bytes({ succeeded: true, responses: [{ response_range: { kvs: [{}] } }] }), read)).toBe(false)
  })
})

describe('frames', () => {
  it('are put together however they are cut', () => {
    const random = randomFrom(5)
    const sent = times(50, () => randomTransaction(random, 1)).map(requests.transaction)
    const stream = Buffer.concat(sent)
    const frames = new Frames(2 ** 24)
    const read: Buffer[] = []
    for (let at = 0; at < stream.length; ) {
      const end = at + random(random(2) === 0 ? 4 : 20_000) + 1
      read.push(...frames.add(stream.subarray(at, end)))
      at = end
    }
    expect(
      isDeepStrictEqual(
        read,
        sent.map((frame) => frame.subarray(5)),
      ),
    ).toBe(true)
  })

  it('are refused by their length, before they are kept', () => {
    const frames = new Frames(1_000)
    expect([...frames.add(Buffer.concat([Buffer.of(0, 0, 0, 0x03, 0xe8), Buffer.alloc(1_000)]))]).toHaveLength(1)
    expect(() => [...frames.add(Buffer.of(0, 0, 0, 0x03, 0xe9))]).toThrow('1001 bytes')
  })

  it('are malformed where they are compressed', () => {
    expect(() => [...new Frames(1_000).add(Buffer.of(1, 0, 0, 0, 0))]).toThrow(MalformedError)
  })
})
