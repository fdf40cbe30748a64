import type { Claim } from '../contract.ts'
import { type LeaseholdError, limitReached } from '../errors.ts'
import type { Bench } from './bench.ts'
import { Desk, type Hall } from './desk.ts'
import type { Endings } from './endings.ts'
import type { Hold } from './hold.ts'
import { newClaim } from './new-claim.ts'
import type { HoldTerms } from './options.ts'
import type { Renewals } from './renewals.ts'
import { type Server, ServerClaim } from './server-claim.ts'

/** So many desks are kept for whoever comes next. */
const SPARE_DESKS = 128

/** All keys that this process holds or waits for. */
export class LockHall implements Hall, Server {
  readonly bench: Bench
  readonly renewals: Renewals
  readonly endings: Endings
  readonly claims = new Map<string, ServerClaim>()
  readonly unreleased: { readonly key: string; readonly error: LeaseholdError }[] = []
  leases = 0
  #waiting = 0
  #desks = new Map<string, Desk>()

  constructor(bench: Bench, renewals: Renewals, endings: Endings) {
    this.bench = bench
    this.renewals = renewals
    this.endings = endings
    const { backend, clock, observer } = bench
    backend.attach?.({ clock, lost: (claim) => this.#lost(claim), advise: (advice) => observer.advise(advice) })
  }

  /** For one that is about to be used: an empty one is not kept for long. */
  desk(key: string): Desk {
    let desk = this.#desks.get(key)
    if (!desk) {
      desk = new Desk(this, key)
      this.#desks.set(key, desk)
    }
    return desk
  }

  /** The lease of this key that is valid now. */
  valid(key: string): Hold | undefined {
    return this.#desks.get(key)?.valid
  }

  get holds(): Hold[] {
    return [...this.#desks.values()].flatMap(({ hold }) => hold ?? [])
  }

  newClaim(key: string, { ttlMs }: HoldTerms): ServerClaim {
    const claim = new ServerClaim(this, newClaim(key), ttlMs)
    // Its loss may be told in the very moment in which it is granted.
    if (this.bench.backend.capabilities.tellsLosses) claim.use()
    return claim
  }

  came(): void {
    this.#waiting += 1
    this.bench.outstanding.begin()
  }

  left(): void {
    this.#waiting -= 1
    this.bench.outstanding.end()
  }

  /** Many are cleared away at once: a `Map` that loses its last entry, or is full of deleted ones, makes a new table, which would cost as much as the rest of an acquire. */
  emptied(): void {
    if (this.#desks.size <= SPARE_DESKS + 2 * (this.leases + this.#waiting)) return
    this.#desks = new Map([...this.#desks].filter(([, { empty }]) => !empty))
  }

  giveUpAll(reason: unknown): void {
    for (const desk of [...this.#desks.values()]) desk.giveUpAll(reason)
  }

  /** Looked at before anything is sent, and again where a lease begins: other attempts may be under way. */
  assertRoomFor(count: number): void {
    const { maxLeases } = this.bench.options
    if (this.leases + count > maxLeases) throw limitReached('maxLeases', maxLeases)
  }

  assertRoomToWait(): void {
    const { maxWaiters } = this.bench.options
    if (this.#waiting >= maxWaiters) throw limitReached('maxWaiters', maxWaiters)
  }

  #lost({ key, holder }: Claim): void {
    this.claims.get(holder)?.gone()
    const hold = this.#desks.get(key)?.hold
    if (hold?.claim.holder === holder) hold.lose('gone')
  }
}
