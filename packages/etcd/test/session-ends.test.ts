import type { Instant } from '@leasehold/core'
import { describe, expect, it } from 'vitest'
import type { EtcdConnection, OnAlive, OnEnd } from '../src/connection.ts'
import { EtcdError } from '../src/errors.ts'
import { KeepAlives } from '../src/keep-alives.ts'
import { Namespace } from '../src/namespace.ts'
import { Revocations } from '../src/revocations.ts'
import { Sessions } from '../src/sessions.ts'
import { Terms } from '../src/terms.ts'

const clock = {
  now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
  setTimer(delayMs: number, fire: () => void) {
    const timer = setTimeout(fire, delayMs)
    return () => clearTimeout(timer)
  },
}
const unavailable = new EtcdError('UNAVAILABLE', 'as told')

/** An etcd of the test's making. */
class Etcd {
  readonly revoked: string[] = []
  readonly put: string[] = []
  /** Of the next keepalives. */
  readonly refusals: EtcdError[] = []
  /** Of the next grants. */
  readonly notGranted: EtcdError[] = []
  /** Of the next transactions. */
  readonly failures: EtcdError[] = []
  opened = 0
  /** Of the leader that answers transactions, and of the one that answers keepalives. */
  term = 1
  termOfKeepAlives = 1
  /** What it says of the lease. */
  seconds = 60

  readonly connection = {
    grant: async (_: string, seconds: number) => {
      const failure = this.notGranted.shift()
      if (failure !== undefined) throw failure
      return seconds
    },
    revoke: async (leaseId: string) => void this.revoked.push(leaseId),
    watch: async () => ({ cancel: () => {} }),
    txn: async ({ success }: Parameters<EtcdConnection['txn']>[0]) => {
      const failure = this.failures.shift()
      if (failure !== undefined) throw failure
      for (const operation of success) if ('request_put' in operation) this.put.push(String(operation.request_put.key))
      return { header: { revision: '1', raft_term: String(this.term) }, succeeded: true, responses: [] }
    },
    keepAlive: async (onAlive: OnAlive, onEnd: OnEnd) => {
      this.opened += 1
      const send = (leaseId: string) => {
        const refusal = this.refusals.shift()
        queueMicrotask(() => (refusal ? onEnd(refusal) : onAlive(leaseId, this.seconds, String(this.termOfKeepAlives))))
      }
      return { send, cancel: () => {} }
    },
    close: () => {},
  } as unknown as EtcdConnection

  readonly terms = new Terms(this.connection, clock, { key: Buffer.of(1), range_end: Buffer.of(2) })
  readonly keepAlives = new KeepAlives(this.terms.connection, clock, 1_000)
  readonly sessions = new Sessions(
    this.terms.connection,
    new Namespace('leasehold'),
    clock,
    this.keepAlives,
    this.terms,
    new Revocations(this.terms.connection, clock),
    1_000,
    { onAlive: () => {}, onEnd: () => {} },
  )

  /** A transaction of somebody. */
  readonly agree = () => this.terms.agree()
}

describe('an etcd lease', () => {
  it('that ends while a claim comes to it is not entered once it is being revoked', async () => {
    // However far the claim has come.
    for (let steps = 0; steps < 10; steps += 1) {
      const { sessions, revoked } = new Etcd()
      const first = Symbol()
      const session = await sessions.visit(60_000, first)
      sessions.leave(session, first)
      const coming = sessions.visit(60_000, Symbol())
      for (let step = 0; step < steps; step += 1) await Promise.resolve()
      session.end('doubtful')
      const entered = await coming
      expect(revoked).not.toContain(entered.leaseId)
    }
  })

  it.each([
    ['UNAVAILABLE', 1],
    // Whatever uses up the last of the space is carried out, and answered so.
    ['NOT_NOW', 1],
    ['NO_LEADER', 0],
    ['UNAUTHENTICATED', 0],
  ] as const)(
    'whose grant was answered by %s is revoked %i times: only where it may have been granted',
    async (code, times) => {
      const { sessions, notGranted, revoked } = new Etcd()
      notGranted.push(new EtcdError(code, 'as told'))
      await expect(sessions.visit(60_000, Symbol())).rejects.toMatchObject({ code })
      expect(revoked).toHaveLength(times)
    },
  )

  it('has its own key sooner or later, by which its end is heard', async () => {
    const etcd = new Etcd()
    etcd.failures.push(unavailable)
    const visit = Symbol()
    const session = await etcd.sessions.visit(60_000, visit)
    await new Promise((resolve) => setImmediate(resolve))
    expect(etcd.put).toEqual([])
    for (let times = 0; times < 3; times += 1) {
      expect(await session.keepAlive()).toBe(true)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(etcd.put).toEqual([expect.stringMatching(new RegExp(`/${session.leaseId}$`))])
    etcd.sessions.leave(session, visit)
  })

  it('is kept alive by a new stream at once where the log-in of the old one has run out', async () => {
    const etcd = new Etcd()
    etcd.refusals.push(new EtcdError('NOT_NOW', 'etcdserver: invalid auth token'))
    expect(await etcd.keepAlives.send('7')).toMatchObject({ sentAt: expect.anything() })
    expect(etcd.opened).toBe(2)
    etcd.refusals.push(unavailable)
    await expect(etcd.keepAlives.send('7')).rejects.toBe(unavailable)
  })
})

describe('a keepalive', () => {
  async function kept() {
    const etcd = new Etcd()
    const session = await etcd.sessions.visit(60_000, Symbol())
    const granted = session.aliveAt
    return { etcd, session, granted }
  }

  const later = (one: Instant, other: Instant) => expect(one.monotonicMs).toBeGreaterThan(other.monotonicMs)

  it('counts from when it was sent once a transaction is answered by the same leader that was sent not before it', async () => {
    const { etcd, session, granted } = await kept()
    await etcd.agree()
    expect(await session.keepAlive()).toBe(true)
    const { aliveAt } = session
    later(aliveAt, granted)
    await etcd.agree()
    later(session.aliveAt, aliveAt)
    const settled = session.aliveAt
    await etcd.agree()
    expect(session.aliveAt).toBe(settled)
  })

  it('counts from no later than the last transaction that was answered by the same leader', async () => {
    const { etcd, session } = await kept()
    const before = clock.now()
    await etcd.agree()
    const after = clock.now()
    expect(await session.keepAlive()).toBe(true)
    etcd.term = 2
    await etcd.agree()
    // Who answered it may have been replaced meanwhile, but not before that.
    expect(session.aliveAt.monotonicMs).toBeGreaterThanOrEqual(before.monotonicMs)
    expect(session.aliveAt.monotonicMs).toBeLessThanOrEqual(after.monotonicMs)
  })

  it('never counts that was answered by a leader of whom it is known that another has led since', async () => {
    const { etcd, session, granted } = await kept()
    etcd.term = 2
    await etcd.agree()
    expect(await session.keepAlive()).toBe(true)
    await etcd.agree()
    expect(session.aliveAt).toBe(granted)
    // It goes on, and steps down.
    etcd.termOfKeepAlives = 2
    expect(await session.keepAlive()).toBe(true)
    await etcd.agree()
    later(session.aliveAt, granted)
  })

  it('counts for what it was answered, where that is less than the whole TTL', async () => {
    const { etcd, session, granted } = await kept()
    expect(await session.keepAlive()).toBe(true)
    await etcd.agree()
    const { aliveAt } = session
    later(aliveAt, granted)
    etcd.seconds = 20
    expect(await session.keepAlive()).toBe(true)
    await etcd.agree()
    // No more than what was said before.
    expect(session.aliveAt).toBe(aliveAt)
  })

  it('that was answered by the next leader already counts from the last transaction, and from when it was sent once that one answers', async () => {
    const { etcd, session, granted } = await kept()
    await etcd.agree()
    etcd.termOfKeepAlives = 2
    expect(await session.keepAlive()).toBe(true)
    const { aliveAt } = session
    later(aliveAt, granted)
    etcd.term = 2
    await etcd.agree()
    later(session.aliveAt, aliveAt)
  })
})
