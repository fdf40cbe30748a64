import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EtcdConnection, KeepAliveStream } from '../src/connection.ts'
import { EtcdError, type EtcdErrorCode } from '../src/errors.ts'
import { Members } from '../src/members.ts'
import { when } from '../src/transactions.ts'

const nothing = when([], [])
const answer = { succeeded: true, header: { revision: '1', raft_term: '1' }, responses: [] }
const never = () => new Promise<never>(() => {})
const error = (code: EtcdErrorCode) => new EtcdError(code, 'as told')

/** A member that answers, unless told otherwise. */
class Member implements EtcdConnection {
  fate: () => Promise<unknown> = async () => {}
  /** Of its writes alone. */
  writes: () => Promise<unknown> = async () => {}
  asked = 0
  cancelled = 0
  closed = false

  readonly #cancel = () => {
    this.cancelled += 1
  }

  async hasLeader() {
    await this.fate()
  }
  async txn() {
    this.asked += 1
    await this.fate()
    await this.writes()
    return answer
  }
  grant = async () => 1
  revoke = async () => {}
  remainingSeconds = async () => 1
  async keepAlive(): Promise<KeepAliveStream> {
    return { send: () => {}, cancel: this.#cancel }
  }
  watch = async () => ({ cancel: this.#cancel })
  close() {
    this.closed = true
  }
}

let members: Member[]
let cluster: Members
const total = () => members.reduce((sum, { asked }) => sum + asked, 0)
/** Whom the cluster asks. */
async function favourite(): Promise<Member> {
  const before = members.map(({ asked }) => asked)
  await cluster.txn(nothing)
  return members.find(({ asked }, i) => asked > (before[i] ?? 0)) as Member
}

beforeEach(() => {
  vi.useFakeTimers()
  members = [new Member(), new Member(), new Member()]
  cluster = new Members(members)
})
afterEach(async () => {
  await vi.advanceTimersByTimeAsync(1_000)
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

describe('a cluster', () => {
  it('asks always the same member, one that has a leader', async () => {
    const [one, other, third] = members as [Member, Member, Member]
    one.fate = () => Promise.reject(error('NO_LEADER'))
    other.fate = () => Promise.reject(error('LEARNER'))
    for (let i = 0; i < 10; i += 1) await cluster.txn(nothing)
    expect(third.asked).toBe(10)
    expect(total()).toBe(10)
  })

  it.each(['NOT_SENT', 'NO_LEADER', 'LEARNER'] as const)(
    'asks another member where one has done nothing, and nobody hears of it: %s',
    async (code) => {
      const first = await favourite()
      first.writes = () => Promise.reject(error(code))
      const before = total()
      await cluster.txn(nothing)
      expect(total()).toBe(before + 2)
      expect(await favourite()).not.toBe(first)
    },
  )

  it('asks each member once where none does anything, and says so', async () => {
    for (const member of members) member.writes = () => Promise.reject(error('NOT_SENT'))
    await expect(cluster.txn(nothing)).rejects.toMatchObject({ code: 'NOT_SENT' })
    expect(members.map(({ asked }) => asked)).toEqual([1, 1, 1])
  })

  it('has sent nothing where it found no member that has a leader', async () => {
    for (const member of members) member.fate = () => Promise.reject(error('DEADLINE_EXCEEDED'))
    await expect(cluster.txn(nothing)).rejects.toMatchObject({ code: 'NOT_SENT', message: 'as told' })
    expect(total()).toBe(0)
  })

  it('does not go back to one that says that it is there, and does nothing, while another one is there', async () => {
    const stuck = await favourite()
    const others = members.filter((member) => member !== stuck)
    stuck.writes = () => Promise.reject(error('DEADLINE_EXCEEDED'))
    // It says so before the others do.
    for (const other of others)
      other.fate = async () => {
        for (let step = 0; step < 10; step += 1) await Promise.resolve()
      }
    await expect(cluster.txn(nothing)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    const next = await favourite()
    next.writes = () => Promise.reject(error('UNAVAILABLE'))
    await expect(cluster.txn(nothing)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    const last = await favourite()
    expect(new Set([stuck, next, last]).size).toBe(3)
    for (const other of others) other.fate = () => Promise.reject(error('UNAVAILABLE'))
    await expect(cluster.txn(nothing)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    stuck.writes = async () => {}
    expect(await favourite()).toBe(stuck)
  })

  it.each(['UNAVAILABLE', 'DEADLINE_EXCEEDED'] as const)(
    'sends nothing twice: after %s the next request goes to another member',
    async (code) => {
      const first = await favourite()
      first.fate = () => Promise.reject(error(code))
      const before = total()
      await expect(cluster.txn(nothing)).rejects.toMatchObject({ code })
      expect(total()).toBe(before + 1)
      expect(await favourite()).not.toBe(first)
    },
  )

  it.each(['LEASE_GONE', 'NOT_NOW', 'PERMISSION_DENIED', 'UNAUTHENTICATED', 'TOO_MANY_OPERATIONS', 'INVALID'] as const)(
    'stays with its member after %s, which is an answer',
    async (code) => {
      const first = await favourite()
      const { fate } = first
      first.fate = () => Promise.reject(error(code))
      await expect(cluster.txn(nothing)).rejects.toMatchObject({ code })
      first.fate = fate
      expect(await favourite()).toBe(first)
    },
  )

  it('leaves a member that has frozen before the request there is given up', async () => {
    const first = await favourite()
    first.fate = never
    void cluster.txn(nothing)
    await vi.advanceTimersByTimeAsync(751)
    const second = await favourite()
    expect(second).not.toBe(first)
  })

  it('leaves a member that answers no keepalive, and ends the streams that are open there', async () => {
    const ends: unknown[] = []
    const stream = await cluster.keepAlive(
      () => {},
      (why) => ends.push(why),
    )
    await cluster.watch(
      Buffer.of(1),
      Buffer.of(2),
      'deletions',
      () => {},
      (why) => ends.push(why),
    )
    const first = await favourite()
    first.fate = never
    stream.send('7')
    await vi.advanceTimersByTimeAsync(400)
    stream.send('7')
    await vi.advanceTimersByTimeAsync(351)
    expect(ends).toMatchObject([{ code: 'DEADLINE_EXCEEDED' }, { code: 'DEADLINE_EXCEEDED' }])
    expect(first.cancelled).toBe(2)
    expect(await favourite()).not.toBe(first)
  })

  it('stays with a member that is there and slow to write', async () => {
    const first = await favourite()
    first.writes = never
    void cluster.txn(nothing)
    await vi.advanceTimersByTimeAsync(2_000)
    first.writes = async () => {}
    expect(await favourite()).toBe(first)
  })

  it('stays where all are equally slow', async () => {
    const first = await favourite()
    for (const member of members) member.fate = () => new Promise((resolve) => setTimeout(resolve, 900))
    const slow = cluster.txn(nothing)
    await vi.advanceTimersByTimeAsync(1_500)
    await slow
    for (const member of members) member.fate = async () => {}
    expect(await favourite()).toBe(first)
  })

  it('says that there is no leader where any member does', async () => {
    for (const member of members) member.fate = () => Promise.reject(error('UNAVAILABLE'))
    const [one] = members as [Member]
    one.fate = () => Promise.reject(error('NO_LEADER'))
    await expect(cluster.txn(nothing)).rejects.toMatchObject({ code: 'NO_LEADER' })
    expect(total()).toBe(0)
    for (const member of members) member.fate = async () => {}
    await cluster.txn(nothing)
  })

  it('closes the way to every member', () => {
    cluster.close()
    expect(members.map(({ closed }) => closed)).toEqual([true, true, true])
  })
})
