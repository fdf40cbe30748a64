import { fileURLToPath } from 'node:url'
import type { Claim, LockBackend, Renewal } from '@leasehold/core'
import { type ConformanceTarget, type FaultHooks, type Link, runCase, virtualTime } from '@leasehold/core/conformance'
import { MemoryStore, memoryBackend } from '@leasehold/core/memory'
import { compiled } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { memoryTarget } from '../src/conformance/memory.ts'
import { startLoopback } from '../src/loopback/target.ts'
import { caseThat } from './case-that.ts'

const { target: loopback, stop } = await startLoopback()
afterAll(stop)

const withFaults = (target: ConformanceTarget, faults: FaultHooks): ConformanceTarget => ({
  ...target,
  faults: { ...target.faults, ...faults },
})

async function expectFailure(id: string, target: ConformanceTarget, why: RegExp): Promise<void> {
  const outcome = await runCase(caseThat(id), target)
  // On a machine that is busy with other work it may not count as failed: what it says is the same.
  expect(['failed', 'inconclusive']).toContain(outcome.status)
  expect(String('error' in outcome && outcome.error)).toMatch(why)
}

/** A link that does nothing of what it is told, or does it for ever. */
const openThroughA = (link: Partial<Link>): FaultHooks => ({
  async openLinked() {
    const real = { cut() {}, swallow() {}, delay() {}, heal() {} }
    return { backend: loopback.open(), link: { ...real, ...link } }
  },
})

const lyingHolder = {
  path: await compiled(fileURLToPath(new URL('./lying-holder.ts', import.meta.url))),
  args: loopback.faults?.holderProgram?.args ?? [],
  execArgv: [],
}

describe('cases of processes that are killed and frozen', () => {
  const target = withFaults(loopback, { holderProgram: lyingHolder })

  it('notice a key that outlives its killed holder', () =>
    expectFailure('faults/killed-holder', target, /not within \d+ ms: the key comes free/))

  it('notice a key that outlives the TTL of its frozen holder', () =>
    expectFailure('faults/frozen-holder', target, /not within \d+ ms: the key comes free/))
})

describe('cases of connections that break', () => {
  it('notice a loss that does not come', async () => {
    const target = withFaults(loopback, openThroughA({}))
    await expectFailure('faults/replies-lost', target, /not within \d+ ms: the lease is lost/)
    await expectFailure('faults/requests-lost', target, /not within \d+ ms: the key comes free/)
  })
})

describe('cases of requests that are under way when their connection breaks', () => {
  /** A linked client of the loopback server, with a mistake. */
  const linkedWith = (mistake: (backend: LockBackend) => LockBackend): FaultHooks => ({
    async openLinked() {
      const linked = await loopback.faults?.openLinked?.()
      if (linked === undefined) throw new Error('the loopback server has links')
      return { backend: mistake(linked.backend), link: linked.link }
    },
  })

  it('notice a client that learns by its next request, in vain, that its connection had broken', () => {
    const surprised: FaultHooks = {
      async openLinked() {
        const linked = await loopback.faults?.openLinked?.()
        if (linked === undefined) throw new Error('the loopback server has links')
        const { backend, link } = linked
        let broken = false
        const cut = () => {
          broken = true
          link.cut()
        }
        const tryAcquire: LockBackend['tryAcquire'] = async (claim, terms) => {
          if (!broken) return backend.tryAcquire(claim, terms)
          broken = false
          throw new Error('the connection has ended')
        }
        return { backend: { ...backend, tryAcquire }, link: { ...link, cut } }
      },
    }
    return expectFailure('faults/cut-while-idle', withFaults(loopback, surprised), /the connection has ended/)
  })

  it('notice a client that believes for good in a connection that was forgotten', () => {
    const memory = memoryTarget()
    const believing: FaultHooks = {
      async openForgetful() {
        const backend = memory.open()
        let forgotten = false
        const tryAcquire: LockBackend['tryAcquire'] = (claim, terms) =>
          forgotten ? new Promise(() => {}) : backend.tryAcquire(claim, terms)
        const forget = () => {
          forgotten = true
        }
        return { backend: { ...backend, tryAcquire }, forget }
      },
    }
    return expectFailure('faults/forgotten-while-idle', withFaults(memory, believing), /gave no answer to acquire/)
  })

  it('notice a driver that sends a release again, and answers with what the second one found', () => {
    const resending = (inner: LockBackend): LockBackend => ({
      ...inner,
      release: (claim) => inner.release(claim).catch(() => inner.release(claim)),
    })
    return expectFailure(
      'faults/cut-mid-release',
      withFaults(loopback, linkedWith(resending)),
      /the answer is that of a second release/,
    )
  })

  it('notice that a release of many, which could not be sent, is answered all the same', () => {
    const guessing = (inner: LockBackend): LockBackend => ({
      ...inner,
      releaseAll: async (claims) => (await inner.releaseAll?.(claims).catch(() => undefined)) ?? claims.map(() => true),
    })
    return expectFailure(
      'faults/release-all-unsent',
      withFaults(loopback, linkedWith(guessing)),
      /it says what it cannot know/,
    )
  })

  it('notice holds that live on with others, although their release could not be sent', () => {
    const sharing = (inner: LockBackend): LockBackend => {
      const taken: Claim[] = []
      return {
        ...inner,
        async tryAcquire(claim, terms) {
          taken.push(claim)
          return inner.tryAcquire(claim, terms)
        },
        async renew(renewals) {
          const { ttlMs = 0 } = renewals[0] ?? {}
          const others = taken.map((claim) => ({ ...claim, ttlMs }))
          const answers = await inner.renew([...renewals, ...others])
          return answers.slice(0, renewals.length)
        },
      }
    }
    return expectFailure(
      'faults/release-unsent',
      withFaults(loopback, linkedWith(sharing)),
      /not within \d+ ms: the key comes free/,
    )
  })
})

describe('cases of what only real servers do', () => {
  const mistaken = (mistake: (backend: LockBackend) => LockBackend): ConformanceTarget => ({
    ...loopback,
    open: () => mistake(loopback.open()),
  })

  it('notice tokens that come through a double', () => {
    const rounded = <A extends { readonly fencingToken?: bigint }>(answer: A): A =>
      answer.fencingToken === undefined ? answer : { ...answer, fencingToken: BigInt(Number(answer.fencingToken)) }
    const imprecise = (inner: LockBackend): LockBackend => ({
      ...inner,
      tryAcquire: async (claim, terms) =>
        rounded((await inner.tryAcquire(claim, terms)) as { fencingToken?: bigint }) as never,
    })
    return expectFailure('fencing/driver-beyond-doubles', mistaken(imprecise), /token \d+ came after|only even tokens/)
  })

  it('notice a renewal that looked at the clock before it had the lock', () => {
    const hasty = (inner: LockBackend): LockBackend => ({
      ...inner,
      async renew(renewals) {
        const seen = await Promise.all(renewals.map(({ key }) => inner.inspect?.(key)))
        const answers = await inner.renew(renewals)
        const revive = async ({ ttlMs, ...claim }: Claim & { ttlMs: number }): Promise<Renewal> => {
          const answer = await inner.tryAcquire(claim, { ttlMs, metadata: undefined })
          return answer.granted ? answer : 'gone'
        }
        const revived = (answer: Renewal, i: number) => {
          const renewal = renewals[i]
          return answer === 'gone' && seen[i]?.length && renewal ? revive(renewal) : answer
        }
        return Promise.all(answers.map(revived))
      },
    })
    return expectFailure('ttl/stalled-renewal', mistaken(hasty), /an expired hold was renewed/)
  })

  it('notice a refusal that is taken for an outage', () => {
    const { openRefused } = loopback.faults ?? {}
    const target = withFaults(loopback, {
      openRefused() {
        const { classifyError: _, ...backend } = openRefused?.() ?? loopback.open()
        return backend
      },
    })
    return expectFailure('ambiguity/refused', target, /BACKEND_UNAVAILABLE/)
  })
})

describe('cases of servers that restart', () => {
  it('notice holds that did not outlive it, although that was claimed', () => {
    const { restartEmpty = async () => {} } = loopback.faults ?? {}
    return expectFailure('faults/restart-kept', withFaults(loopback, { restartKeepingData: restartEmpty }), /granted/)
  })

  it('notice holds that are still there, although the server should be empty', () =>
    expectFailure('faults/restart-empty', withFaults(loopback, { restartEmpty: async () => {} }), /not within/))

  it('notice tokens that begin again', () => {
    const time = virtualTime()
    let store = new MemoryStore({ clock: time.clock })
    const target: ConformanceTarget = {
      name: 'forgetful',
      time,
      open: () => renewing(() => memoryBackend({ store })),
      faults: {
        async restartKeepingData() {
          store = new MemoryStore({ clock: time.clock })
        },
      },
    }
    return expectFailure('fencing/server-restart', target, /token 2 came after 4/)
  })
})

describe('the case of keys whose hashes collide', () => {
  const collidingKeys = (): readonly [string, string] => ['collision one', 'collision two']

  it('passes where a collision only over-blocks', async () => {
    const { open, ...memory } = memoryTarget()
    const target = withFaults({ ...memory, open: () => hashing(open()) }, { collidingKeys })
    expect(await runCase(caseThat('faults/hash-collision'), target)).toEqual({ status: 'passed' })
  })

  it('notices a session that is re-entrant in the hash, and frees what it never took', () => {
    const { open, ...memory } = memoryTarget()
    const target = withFaults({ ...memory, open: () => reentrant(hashing(open())) }, { collidingKeys })
    return expectFailure('faults/hash-collision', target, /granted, although/)
  })
})

/** Always the backend of the moment. */
const renewing = (current: () => LockBackend): LockBackend => ({
  ...current(),
  tryAcquire: (claim, terms) => current().tryAcquire(claim, terms),
  release: (claim) => current().release(claim),
})

/** All keys that begin alike share one place. */
const hashing = (inner: LockBackend): LockBackend => {
  const hashed = <C extends { key: string }>(claim: C): C => ({ ...claim, key: claim.key.slice(0, 9) })
  return {
    name: inner.name,
    capabilities: inner.capabilities,
    tryAcquire: (claim, terms) => inner.tryAcquire(hashed(claim), terms),
    renew: (renewals) => inner.renew(renewals.map(hashed)),
    release: (claim) => inner.release(hashed(claim)),
  }
}

/** As a Postgres session is: what it holds, it may take again; it counts nothing, and releases whatever it is told to. */
function reentrant(inner: LockBackend): LockBackend {
  const session = 'ab'.repeat(16)
  return {
    ...inner,
    tryAcquire: (claim, terms) => inner.tryAcquire({ ...claim, holder: session + String(sessionOf(inner)) }, terms),
    release: (claim) => inner.release({ ...claim, holder: session + String(sessionOf(inner)) }),
  }
}

const sessions = new WeakMap<LockBackend, number>()
let lastSession = 0

function sessionOf(backend: LockBackend): number {
  const known = sessions.get(backend)
  if (known !== undefined) return known
  lastSession += 1
  sessions.set(backend, lastSession)
  return lastSession
}
