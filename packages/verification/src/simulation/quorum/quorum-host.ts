import { AsyncResource } from 'node:async_hooks'
import { type Capabilities, type Claim, isLeaseholdError, type LockBackend, type Locks } from '@leasehold/core'
import type { LeaseEntry } from '../lease-book.ts'
import { Link } from '../link.ts'
import type { Machine } from '../machine.ts'
import { type Part, WHOLE } from '../part.ts'
import type { Prng, Range } from '../prng.ts'
import type { QuorumRun } from './quorum-run.ts'
import { RemoteNode } from './remote-node.ts'

const UNLOGGED = { lost: () => {}, duplicated: () => {} }
/** Of one process to all nodes. */
const LATENCIES_MS: readonly [Range, ...Range[]] = [
  [0.1, 1],
  [0.2, 5],
  [1, 20],
  [10, 30],
]
const FREE: Capabilities = {
  fifo: false,
  handOff: true,
  survivesRestart: false,
  slackMs: 0,
  minTtlMs: 1,
  shares: ['shared'],
}
const SHARED: Part = { kind: 'shared', slots: [] }

/** One process with the engine in it, its links to all nodes, and the program that it runs. */
export class QuorumHost {
  readonly machine: Machine
  readonly locks: Locks
  readonly links: readonly Link[]
  stopping = false
  busy = 0
  readonly #run: QuorumRun
  readonly #prng: Prng

  constructor(run: QuorumRun, machine: Machine, prng: Prng) {
    this.#run = run
    this.machine = machine
    this.#prng = prng
    const { scenario, world, nodes } = run
    const conditions = { ...scenario.conditions, latencyMs: prng.pick(LATENCIES_MS) }
    this.links = nodes.map(() => new Link(world, prng, conditions, UNLOGGED))
    this.locks = run.engine.createLocks(this.#backend(), {
      clock: machine.timers,
      random: () => prng.fraction(),
      requestTimeoutMs: scenario.requestTimeoutMs,
      pollMs: 50,
    })
  }

  /** Starts a program in this process, in an asynchronous context of its own. */
  start(program: () => Promise<unknown>): void {
    this.busy += 1
    const begin = () => program().finally(() => (this.busy -= 1))
    this.machine.deliver('message', () => void new AsyncResource('program').runInAsyncScope(begin))
  }

  async work(): Promise<void> {
    while (!this.stopping) {
      await this.#sleep(this.#prng.interval(40))
      await this.#turn().catch(expected)
    }
  }

  async #turn(): Promise<void> {
    const { engine, scenario, tokenOrder, book, counters } = this.#run
    const key = this.#prng.pick(scenario.keys)
    const reads = scenario.readers && this.#prng.chance(0.6)
    const lock = reads ? engine.shared(this.locks, key) : this.locks.named(key)
    const options = { ttlMs: this.#prng.pick(scenario.ttlsMs), autoRenew: this.#prng.chance(0.6) }
    const returned = tokenOrder.invoke(key)
    const lease = this.#prng.chance(0.4)
      ? await lock.tryAcquire(options)
      : await lock.acquire({ ...options, waitMs: this.#prng.integer(20, 800), whenHeld: 'wait' })
    if (lease === null) return
    returned(lease.fencingToken)
    counters.acquired += 1
    const entry: LeaseEntry = {
      machine: this.machine,
      key,
      token: lease.fencingToken,
      part: reads ? SHARED : WHOLE,
      lease,
      listens: false,
      letGo: false,
    }
    book.add(entry)
    if (this.#prng.chance(0.3)) lease.renew().catch(() => {})
    await this.#sleep(this.#prng.pick([0, this.#prng.between([0, 150])]))
    if (lease.remainingMs <= 0) counters.expired += 1
    entry.letGo = true
    await lease.release()
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.machine.driverTimers.setTimer(ms, resolve))
  }

  #backend(): LockBackend {
    const { engine, scenario, nodes, maxTtlMs } = this.#run
    const remote = nodes.map(
      (node, index) =>
        new RemoteNode(this.machine, this.links[index] as Link, node, scenario.replyTimeoutMs, (key, token) =>
          this.#run.withdrawn(key, token),
        ),
    )
    const random = () => this.#prng.fraction()
    const options = { nodeTimeoutMs: scenario.nodeTimeoutMs, maxTtlMs, random }
    const quorum = new engine.Quorum(remote, this.machine.timers, options)
    const named = ({ key, holder, share }: Claim): Claim => {
      const claim = { key, holder: this.#run.nameOf(holder) }
      return share ? { ...claim, share } : claim
    }
    return {
      name: 'quorum',
      capabilities: FREE,
      tryAcquire: (claim, terms) => quorum.tryAcquire(named(claim), terms),
      release: (claim) => quorum.release(named(claim)),
      renew: async (renewals) => {
        const answers = await quorum.renew(renewals.map((each) => ({ ...named(each), ttlMs: each.ttlMs })))
        for (const [index, answer] of answers.entries())
          if (answer === 'gone') this.#run.toldGone(named(renewals[index] as Claim))
        return answers
      },
    }
  }
}

/** Whatever the network did, an error is one of those that say so. */
function expected(error: unknown): void {
  if (!isExpected(error)) throw error
}

const isExpected = (error: unknown): boolean =>
  isLeaseholdError(error, 'ACQUIRE_TIMEOUT') ||
  isLeaseholdError(error, 'BACKEND_UNAVAILABLE') ||
  isLeaseholdError(error, 'CLOSED')
