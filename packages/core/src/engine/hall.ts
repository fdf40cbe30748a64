import type { Clock } from '../clock.ts'
import type { Claim, LockBackend, Share } from '../contract.ts'
import type { LeaseholdError } from '../errors.ts'
import { Scheduler } from '../scheduler.ts'
import type { Desk, Hall } from './desk.ts'
import { Endings } from './endings.ts'
import type { Hold } from './hold.ts'
import type { Sharing } from './hold-keeper.ts'
import { newClaim } from './new-claim.ts'
import { advise } from './observer.ts'
import type { EngineOptions, HoldTerms } from './options.ts'
import { Outstanding } from './outstanding.ts'
import { Renewals } from './renewals.ts'
import { type Server, ServerClaim } from './server-claim.ts'
import { WholeDesk } from './whole-desk.ts'

/** The keys of which this process has or wants a part. Made where somebody asks for one. */
export interface Shares extends Sharing<Hold> {
  readonly desks: Iterable<Desk>
  desk(key: string, share: Share): Desk
  /** The leases of parts of this key that have begun here and have not ended. */
  holds(key: string): Hold[]
}

/** So many desks are kept for whoever comes next. */
const SPARE_DESKS = 128

/** All keys that this process holds or waits for. */
export class LockHall implements Hall, Server {
  readonly backend: LockBackend
  readonly options: EngineOptions
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly outstanding = new Outstanding()
  readonly works = new Outstanding()
  readonly runs = new Set<readonly Hold[]>()
  readonly renewals: Renewals
  readonly endings: Endings
  readonly claims = new Map<string, ServerClaim>()
  readonly unreleased: { readonly key: string; readonly error: LeaseholdError }[] = []
  closed = false
  leases = 0
  waiting = 0
  /** How to end those who observe a key. */
  readonly observers = new Set<() => void>()
  shares: Shares | undefined
  #desks = new Map<string, WholeDesk>()

  constructor(backend: LockBackend, options: EngineOptions) {
    const { clock } = options
    this.backend = backend
    this.options = options
    this.clock = clock
    this.scheduler = new Scheduler(clock, () => this.renewals.flush())
    this.renewals = new Renewals(this)
    this.endings = new Endings(this)
    backend.attach?.({
      clock,
      lost: (claim, why) => this.#lost(claim, why),
      advise: (advice) => advise(this, advice),
    })
  }

  /** For one that is about to be used: an empty one is not kept for long. */
  desk(key: string): WholeDesk {
    let desk = this.#desks.get(key)
    if (!desk) {
      desk = new WholeDesk(this, key)
      this.#desks.set(key, desk)
    }
    return desk
  }

  /** The lease of this key that is valid now. */
  valid(key: string): Hold | undefined {
    return this.#desks.get(key)?.valid
  }

  validAt(key: string): Hold[] {
    return this.#holdsAt(key).filter((hold) => hold.isValid())
  }

  /** What of the key is asked for. */
  deskOf(key: string, { share }: HoldTerms): Desk {
    return share ? (this.shares as Shares).desk(key, share) : this.desk(key)
  }

  get holds(): Hold[] {
    return this.#everyDesk.flatMap(({ holds }) => holds)
  }

  newClaim(key: string, { ttlMs, share }: HoldTerms): ServerClaim {
    const claim = new ServerClaim(this, newClaim(key, share), ttlMs)
    // Its loss may be told in the very moment in which it is granted.
    if (this.backend.capabilities.tellsLosses) claim.use()
    return claim
  }

  came(): void {
    this.waiting += 1
    this.outstanding.begin()
  }

  left(): void {
    this.waiting -= 1
    this.outstanding.end()
  }

  /** Many are cleared away at once: a `Map` that loses its last entry, or is full of deleted ones, makes a new table, which would cost as much as the rest of an acquire. */
  emptied(): void {
    if (this.#desks.size <= SPARE_DESKS + 2 * (this.leases + this.waiting)) return
    this.#desks = new Map([...this.#desks].filter(([, { empty }]) => !empty))
  }

  giveUpAll(reason: unknown): void {
    for (const desk of this.#everyDesk) desk.giveUpAll(reason)
    for (const end of this.observers) end()
  }

  #lost({ key, holder }: Claim, why?: string): void {
    this.claims.get(holder)?.gone()
    for (const hold of this.#holdsAt(key)) if (hold.claim.holder === holder) hold.lose('gone', why)
  }

  #holdsAt(key: string): Hold[] {
    return [...(this.#desks.get(key)?.holds ?? []), ...(this.shares?.holds(key) ?? [])]
  }

  get #everyDesk(): Desk[] {
    return [...this.#desks.values(), ...(this.shares?.desks ?? [])]
  }
}
