import type { AcquireOptions, HoldOptions, Lease, LeaseHandle, Lock } from '@leasehold/core'
import type { Host } from './host.ts'
import type { LeaseEntry } from './lease-book.ts'
import { LeaseWork } from './lease-work.ts'
import type { RunContext } from './run-context.ts'

/** How long after its deadline, or its abort, a wait may end when the event loop is free. */
const PATIENCE_MS = 10
const EXPECTED = [
  'ACQUIRE_TIMEOUT',
  'LEASE_LOST',
  'LEASE_ENDED',
  'LEASE_EXPIRING',
  'BACKEND_UNAVAILABLE',
  'CLOSED',
  'SELF_DEADLOCK',
]

/** What one caller in a process does, over and over: take a lock in one of the ways there are, work, and let go in one of the ways there are. */
export class Program {
  readonly #run: RunContext
  readonly #host: Host
  readonly #others: () => readonly Host[]
  readonly #work: LeaseWork

  constructor(run: RunContext, host: Host, others: () => readonly Host[]) {
    this.#run = run
    this.#host = host
    this.#others = others
    this.#work = new LeaseWork(run, host)
  }

  async loop(): Promise<void> {
    const { prng } = this.#host
    while (!this.#host.stopping) {
      await this.#turn()
      await this.#host.sleep(prng.interval(60))
    }
  }

  async #turn(): Promise<void> {
    const { prng } = this.#host
    const turns = [
      this.#tryOnce,
      this.#tryOnce,
      this.#wait,
      this.#wait,
      this.#wait,
      this.#runWork,
      this.#takeSeveral,
      this.#handOver,
    ]
    try {
      await prng.pick(turns as [() => Promise<void>, ...(() => Promise<void>)[]]).call(this)
    } catch (error) {
      this.#expect(error)
    }
  }

  async #tryOnce(): Promise<void> {
    const lock = this.#lock()
    const returned = this.#run.tokenOrder.invoke(lock.key)
    const lease = await lock.tryAcquire(this.#hold())
    if (lease === null) return
    returned(lease.fencingToken)
    await this.#use(lease)
  }

  async #wait(): Promise<void> {
    const lease = await this.#acquire(this.#lock())
    await this.#use(lease)
  }

  async #acquire(lock: Lock): Promise<Lease> {
    const wait = this.#waitOptions()
    const returned = this.#run.tokenOrder.invoke(lock.key)
    const lease = await this.#inTime(wait, () => lock.acquire(wait.options))
    returned(lease.fencingToken)
    return lease
  }

  async #runWork(): Promise<void> {
    const lock = this.#lock()
    const returned = this.#run.tokenOrder.invoke(lock.key)
    const failure = this.#host.prng.chance(0.2) ? new Error('the work has failed') : undefined
    let validAtEnd: boolean | undefined
    const work = async (lease: Lease) => {
      returned(lease.fencingToken)
      const entry = this.#enter(lease)
      await this.#work.during(entry, lease)
      validAtEnd = lease.remainingMs > 0
      entry.letGo = true
      if (failure !== undefined) throw failure
    }
    const outcome = await lock.run(this.#waitOptions().options, work).then(
      () => 'success' as const,
      (error: unknown) => error,
    )
    this.#checkOutcome(outcome, failure, validAtEnd)
  }

  /** S8: the work's own error comes through, and work that outlived its lease is no success. */
  #checkOutcome(outcome: unknown, failure: Error | undefined, validAtEnd: boolean | undefined): void {
    const worked = validAtEnd !== undefined
    if (worked && failure !== undefined && outcome !== failure)
      this.#run.report('S8', `run replaced the error of its work by ${String(outcome)}`)
    if (outcome === 'success' && validAtEnd !== true)
      this.#run.report('S8', 'run called work a success that had outlived its lease')
    if (outcome !== 'success' && outcome !== failure) this.#expect(outcome)
  }

  async #takeSeveral(): Promise<void> {
    const { prng, locks } = this.#host
    const keys = [...this.#run.scenario.keys]
    const returned = keys.map((key) => this.#run.tokenOrder.invoke(key))
    const patiently = prng.chance(0.6)
    const group = patiently
      ? await locks.acquireAll(keys, this.#waitOptions().options)
      : await locks.tryAcquireAll(keys, this.#hold())
    if (group === null) return
    for (const [index, lease] of group.leases.entries()) returned[index]?.(lease.fencingToken)
    const entries = group.leases.map((lease) => this.#enter(lease))
    await this.#work.during(entries[0] as LeaseEntry, group.leases[0] as Lease)
    for (const entry of entries) entry.letGo = true
    await group.release()
  }

  /** Sends a lease to another process, where it arrives late, twice or never. */
  async #handOver(): Promise<void> {
    const { prng } = this.#host
    const lease = await this.#acquire(this.#lock())
    const entry = this.#enter(lease)
    const settled = await this.#work.during(entry, lease)
    if (!settled || this.#host.stopping) return this.#letGo(entry, lease)
    entry.letGo = true
    const handle = lease.handOff()
    this.#run.audit.handedOff(handle.holder)
    const target = prng.pick(this.#others() as [Host, ...Host[]])
    const copies = prng.pick([0, 1, 1, 1, 2])
    if (copies > 1) this.#run.book.share(entry.key, entry.token)
    for (let copy = 0; copy < copies; copy += 1) this.#send(handle, target)
  }

  #send(handle: LeaseHandle, target: Host): void {
    const delayMs = this.#host.prng.between([0, handle.ttlMs * 1.2])
    const receiver = new Program(this.#run, target, this.#others)
    this.#run.world.schedule(delayMs, () => target.start(() => receiver.#takeUp(handle)))
  }

  async #takeUp(handle: LeaseHandle): Promise<void> {
    const { locks, prng, stopping } = this.#host
    if (stopping) return
    try {
      const lease = await locks.resume(handle, { autoRenew: prng.chance(0.5) })
      if (lease !== null) await this.#use(lease)
    } catch (error) {
      this.#expect(error)
    }
  }

  async #use(lease: Lease): Promise<void> {
    const entry = this.#enter(lease)
    await this.#work.during(entry, lease)
    await this.#letGo(entry, lease)
  }

  async #letGo(entry: LeaseEntry, lease: Lease): Promise<void> {
    const { prng } = this.#host
    if (!this.#host.stopping && prng.chance(0.1)) this.#host.start(() => this.#letGoMuchLater(entry, lease))
    else await this.#release(entry, lease)
  }

  /** It is renewed all the while, or expires. */
  async #letGoMuchLater(entry: LeaseEntry, lease: Lease): Promise<void> {
    await this.#host.sleep(this.#host.prng.interval(800))
    await this.#release(entry, lease).catch((error: unknown) => this.#expect(error))
  }

  async #release(entry: LeaseEntry, lease: Lease): Promise<void> {
    entry.letGo = true
    if (this.#host.prng.chance(0.3)) await lease[Symbol.asyncDispose]()
    else await lease.release()
  }

  #enter(lease: Lease): LeaseEntry {
    const { key, fencingToken: token } = lease
    this.#run.trace?.note(
      this.#host.name,
      `has ${key} with token ${token}, valid for ${lease.remainingMs.toFixed(2)} ms`,
    )
    this.#run.leased(key, token)
    return this.#run.book.add({
      machine: this.#host.machine,
      key,
      token,
      lease,
      listens: this.#host.prng.chance(0.5),
      letGo: false,
    })
  }

  #lock(): Lock {
    return this.#host.locks.lock(this.#host.prng.pick(this.#run.scenario.keys))
  }

  #hold(): HoldOptions {
    const { prng } = this.#host
    const ttlMs = prng.pick(this.#run.scenario.ttlsMs)
    const options = { ttlMs, autoRenew: prng.chance(0.6) }
    return prng.chance(0.2) ? { ...options, maxHoldMs: prng.integer(50, 1000) } : options
  }

  #waitOptions(): Wait {
    const { prng, machine } = this.#host
    const how = prng.pick(['deadline', 'deadline', 'at once', 'abort', 'both'])
    const waitMs = how === 'at once' ? 0 : prng.integer(1, 800)
    const options: AcquireOptions = { ...this.#hold(), whenHeld: 'wait' }
    if (how === 'deadline' || how === 'at once') return { options: { ...options, waitMs }, waitMs }
    const abort = new AbortController()
    machine.driverTimers.setTimer(waitMs, () => abort.abort(new Error('the caller gave up')))
    const longer = how === 'both' ? { waitMs: waitMs + 100 } : {}
    return { options: { ...options, ...longer, signal: abort.signal }, waitMs }
  }

  /** L4: a wait ends when its time is over, or its caller gives up, and not much later. */
  async #inTime(wait: Wait, acquire: () => Promise<Lease>): Promise<Lease> {
    const { machine, name } = this.#host
    const { disturbances } = machine
    const startedMs = machine.timers.now().monotonicMs
    try {
      return await acquire()
    } finally {
      const tookMs = machine.timers.now().monotonicMs - startedMs
      const limitMs = (wait.waitMs || this.#run.scenario.requestTimeoutMs) + PATIENCE_MS
      if (machine.disturbances === disturbances && tookMs > limitMs)
        this.#run.report('L4', `${name}: a wait of ${wait.waitMs} ms took ${tookMs.toFixed(1)} ms`)
    }
  }

  #expect(error: unknown): void {
    const { engine, report, trace } = this.#run
    trace?.note(this.#host.name, `! ${error instanceof Error ? error.message : String(error)}`)
    if (EXPECTED.some((code) => engine.isLeaseholdError(error, code as 'CLOSED'))) return
    if (error instanceof Error && error.message === 'the caller gave up') return
    report('S8', `unexpected error: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`)
  }
}

interface Wait {
  readonly options: AcquireOptions
  /** When the wait must be over, by its deadline or its abort. */
  readonly waitMs: number
}
