import type { AcquireOptions, HoldOptions, Lease, LeaseHandle, Lockable, Semaphore } from '@leasehold/core'
import type { Host } from './host.ts'
import type { LeaseEntry } from './lease-book.ts'
import { LeaseWork } from './lease-work.ts'
import type { RunContext } from './run-context.ts'
import { GAVE_UP, Wishes } from './wishes.ts'

const EXPECTED = [
  'ACQUIRE_TIMEOUT',
  'LEASE_LOST',
  'LEASE_ENDED',
  'LEASE_EXPIRING',
  'BACKEND_UNAVAILABLE',
  'CLOSED',
  'SELF_DEADLOCK',
]

/** Something to be held, of this key. */
interface Wanted {
  readonly key: string
  readonly lock: Lockable<Lease>
}

const taking = (semaphore: Semaphore, permits: number): Lockable<Lease> => ({
  tryAcquire: (options?: HoldOptions) => semaphore.tryAcquire({ ...options, permits }),
  acquire: (options?: AcquireOptions) => semaphore.acquire({ ...options, permits }),
  run: <T>(...args: [unknown] | [AcquireOptions, (lease: Lease) => Promise<T> | T]) =>
    semaphore.run({ ...(args[0] as AcquireOptions), permits }, args[1] as (lease: Lease) => Promise<T>),
})

/** What one caller in a process does, over and over: take a lock in one of the ways there are, work, and let go in one of the ways there are. */
export class Program {
  readonly #run: RunContext
  readonly #host: Host
  readonly #others: () => readonly Host[]
  readonly #work: LeaseWork
  readonly #wishes: Wishes

  constructor(run: RunContext, host: Host, others: () => readonly Host[]) {
    this.#run = run
    this.#host = host
    this.#others = others
    this.#work = new LeaseWork(run, host)
    this.#wishes = new Wishes(run, host)
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
    const { key, lock } = this.#wanted()
    const returned = this.#run.tokenOrder.invoke(key)
    const lease = await lock.tryAcquire(this.#wishes.hold())
    if (lease === null) return
    returned(lease.fencingToken)
    await this.#use(lease)
  }

  async #wait(): Promise<void> {
    const lease = await this.#acquire(this.#wanted())
    await this.#use(lease)
  }

  async #acquire({ key, lock }: Wanted): Promise<Lease> {
    const wait = this.#wishes.wait()
    const returned = this.#run.tokenOrder.invoke(key)
    const lease = await this.#wishes.inTime(wait, () => lock.acquire(wait.options))
    returned(lease.fencingToken)
    return lease
  }

  async #runWork(): Promise<void> {
    const { key, lock } = this.#wanted()
    const returned = this.#run.tokenOrder.invoke(key)
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
    const outcome = await lock.run(this.#wishes.wait().options, work).then(
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
    const keys = prng.shuffled(this.#run.scenario.keys)
    const returned = keys.map((key) => this.#run.tokenOrder.invoke(key))
    const patiently = prng.chance(0.6)
    const several = this.#run.engine.allOf(locks, keys)
    const group = patiently
      ? await several.acquire(this.#wishes.waitForSeveral())
      : await several.tryAcquire(this.#wishes.hold())
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
    const lease = await this.#acquire(this.#wanted())
    const entry = this.#enter(lease)
    const settled = await this.#work.during(entry, lease)
    if (!settled || this.#host.stopping) return this.#letGo(entry, lease)
    entry.letGo = true
    entry.handedOff = true
    const handle = lease.handOff()
    this.#run.audit.handedOff(handle.holder)
    const target = prng.pick(this.#others() as [Host, ...Host[]])
    const copies = this.#run.scenario.calm ? 1 : prng.pick([0, 1, 1, 2, 2])
    if (copies > 1) this.#run.book.share(entry.key, entry.token)
    const delayMs = prng.between([0, handle.ttlMs * 1.2])
    // A double click, or two messages that have nothing to do with each other.
    const apartMs = prng.chance(0.5) ? prng.between([0, 20]) : prng.between([-delayMs, handle.ttlMs])
    for (let copy = 0; copy < copies; copy += 1) this.#send(handle, target, delayMs + copy * apartMs)
  }

  #send(handle: LeaseHandle, target: Host, delayMs: number): void {
    const receiver = new Program(this.#run, target, this.#others)
    this.#run.world.schedule(delayMs, () => target.start(() => receiver.#takeUp(handle)))
  }

  async #takeUp(handle: LeaseHandle): Promise<void> {
    const { locks, prng, stopping, takenUp } = this.#host
    if (stopping) return
    if (takenUp.has(handle.holder)) this.#run.counters.takenUpTwiceAtOnce += 1
    takenUp.add(handle.holder)
    try {
      const lease = await this.#run.engine.resume(locks, handle, {
        autoRenew: this.#run.scenario.calm || prng.chance(0.5),
      })
      if (lease !== null) await this.#use(lease)
    } catch (error) {
      this.#expect(error)
    } finally {
      takenUp.delete(handle.holder)
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
      part: this.#run.partOf(key, token),
      lease,
      listens: this.#host.prng.chance(0.5),
      letGo: false,
    })
  }

  /** Mostly all of a key; where parts are wanted, often one of them. */
  #wanted(): Wanted {
    const { locks, prng } = this.#host
    const { keys, parts } = this.#run.scenario
    const { shared, semaphore } = this.#run.engine
    const key = prng.pick(keys)
    const kind = parts ? prng.pick(['whole', 'shared', 'permits'] as const) : 'whole'
    if (kind === 'whole') return { key, lock: locks.named(key) }
    this.#run.counters.partsWanted += 1
    if (kind === 'shared') return { key, lock: shared(locks, key) }
    const count = prng.integer(1, 3)
    return { key, lock: taking(semaphore(locks, key, count), prng.integer(1, count)) }
  }

  #expect(error: unknown): void {
    const { engine, report, trace } = this.#run
    trace?.note(this.#host.name, `! ${error instanceof Error ? error.message : String(error)}`)
    if (EXPECTED.some((code) => engine.isLeaseholdError(error, code as 'CLOSED'))) return
    if (error instanceof Error && error.message === GAVE_UP) return
    report('S8', `unexpected error: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`)
  }
}
