import type { CampaignOptions, Election, HoldOptions, Leader, Lease, Lock, Locks } from '../api.ts'
import { isLeaseholdError, leaseError } from '../errors.ts'
import { annotate } from './annotate.ts'
import { assertOpen } from './bench.ts'
import { Changes } from './changes.ts'
import type { LockHall } from './hall.ts'
import type { Hold } from './hold.ts'
import { inspect, shown } from './inspect.ts'
import { holdOf } from './lease.ts'
import { hallOf } from './locks.ts'
import { allowManyListeners } from './many-listeners.ts'
import { assertObject, parseObserve } from './options.ts'
import { isAtWork } from './run.ts'
import { assertNotAborted, reasonOf } from './waiter.ts'

const ELECTED = new Error('another campaign of this object was elected')

/** `isForRun`: a run works under it, or is about to. */
interface Lead {
  readonly lease: Lease
  readonly hold: Hold
  isForRun: boolean
}

type Work<T> = (lease: Lease) => Promise<T> | T

/**
 * An election among all who campaign for `key`, in whatever process: whoever holds the lock of that key leads. No I/O. Throws `TypeError` or `RangeError` for a key and options that break a rule.
 */
export function election(locks: Locks, key: string, defaults?: Omit<HoldOptions, 'metadata'>): Election {
  if (defaults) assertNoMetadata(defaults)
  return new LockElection(hallOf(locks), locks.named(key, defaults))
}

class LockElection implements Election {
  readonly #hall: LockHall
  readonly #lock: Lock
  /** Campaigns that end where another one of this object brings the lead: they would wait for its end. */
  readonly #campaigns = new Set<AbortController>()
  #lead: Lead | undefined

  constructor(hall: LockHall, lock: Lock) {
    this.#hall = hall
    this.#lock = lock
  }

  get key(): string {
    return this.#lock.key
  }

  get isLeader(): boolean {
    return !!this.#lead?.hold.isValid()
  }

  get term(): bigint | undefined {
    return this.isLeader ? this.#lead?.hold.fencingToken : undefined
  }

  async campaign(asked: CampaignOptions = {}): Promise<Lease> {
    assertObject('options', asked)
    const { signal } = asked
    const campaign = new AbortController()
    const unheed = heed(signal, () => campaign.abort(reasonOf(signal)))
    this.#campaigns.add(campaign)
    try {
      if (this.#lead && this.isLeader) return this.#lead.lease
      const { lease } = await this.#elected({ ...asked, signal: campaign.signal }, false)
      return lease
    } catch (error) {
      if (error === ELECTED && this.#lead) return this.#lead.lease
      throw error
    } finally {
      this.#campaigns.delete(campaign)
      unheed()
    }
  }

  async #elected({ value, ...options }: CampaignOptions, isForRun: boolean): Promise<Lead> {
    assertNoMetadata(options)
    const lease = await this.#lock.acquire({ ...options, metadata: value })
    const lead = { lease, hold: holdOf(lease), isForRun }
    this.#lead = lead
    for (const campaign of this.#campaigns) campaign.abort(ELECTED)
    return lead
  }

  /** What a campaign has brought, or a lead of its own. Never that of another run: whose work ended first would give it up under the other. */
  async #toWorkUnder(options: CampaignOptions): Promise<Lead> {
    const lead = this.#lead
    if (!lead || lead.isForRun || !this.isLeader) return this.#elected(options, true)
    lead.isForRun = true
    return lead
  }

  async resign(): Promise<void> {
    const lead = this.#lead
    if (lead && isAtWork(this.#hall, lead.hold))
      lead.hold.warning.warn(leaseError('LEASE_ENDED', this.key, 'was given up by resign'))
    await lead?.lease.release()
  }

  async run<T>(...args: [Work<T>] | [CampaignOptions, Work<T>]): Promise<T> {
    const [options, work] = args.length === 1 ? [{} as CampaignOptions, args[0]] : args
    if (typeof work !== 'function') throw new TypeError('work must be a function')
    assertObject('options', options)
    const { signal } = options
    for (;;) {
      const { lease, hold } = await this.#toWorkUnder({ whenUnreachable: 'wait', ...options })
      const unheed = heed(signal, () => hold.warning.warn(signal?.reason))
      try {
        const result = await lease.run(work)
        if (!signal?.aborted) return result
      } catch (error) {
        // Work that learns by its signal that it is to end may throw whatever it likes.
        if (!signal?.aborted && !isLeaseholdError(hold.interruption, 'LEASE_LOST')) throw error
      } finally {
        unheed()
      }
      assertNotAborted(signal)
    }
  }

  async proclaim(value: unknown): Promise<void> {
    if (!this.#lead) throw leaseError('LEASE_ENDED', this.key, 'is not held: this object does not lead')
    await annotate(this.#lead.lease, value)
  }

  async leader(): Promise<Leader | null> {
    assertOpen(this.#hall)
    return inspect(this.#hall, this.key, (found) => {
      const [lead] = found.filter(({ share }) => !share).map(shown)
      return lead ? { term: lead.fencingToken, value: lead.metadata, remainingMs: lead.remainingMs } : null
    })
  }

  async *observe(options?: { readonly signal?: AbortSignal | undefined }): AsyncGenerator<Leader | null, undefined> {
    const { signal } = parseObserve(options)
    assertOpen(this.#hall)
    const changes = new Changes(this.#hall, this.key, signal)
    let last: string | null | undefined
    try {
      while (!changes.over) {
        const leader = await this.leader().catch(unlessAway)
        const seen = leader && JSON.stringify([String(leader.term), leader.value])
        if (leader !== undefined && !changes.over && seen !== last) {
          last = seen
          yield leader
        }
        await changes.next(leader === undefined)
      }
    } finally {
      changes.stop()
    }
  }
}

/** It would be silently without effect: others see `value`. */
function assertNoMetadata(options: object): void {
  assertObject('options', options)
  if ('metadata' in options && options.metadata !== undefined)
    throw new TypeError('no option metadata: a leader has a value')
}

/** Tells that it aborts, or has aborted while the lead was on its way. Returns how to end that. */
function heed(signal: AbortSignal | undefined, told: () => void): () => void {
  if (signal) allowManyListeners(signal)
  signal?.addEventListener('abort', told)
  if (signal?.aborted) told()
  return () => signal?.removeEventListener('abort', told)
}

/** Nothing is known, then. */
function unlessAway(error: unknown): undefined {
  if (isLeaseholdError(error, 'BACKEND_UNAVAILABLE') || isLeaseholdError(error, 'CLOSED')) return
  throw error
}
