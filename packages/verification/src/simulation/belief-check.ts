import { covers, type ModelHold } from './hold-model.ts'
import type { LeaseBook, LeaseEntry } from './lease-book.ts'
import { standTogether } from './part.ts'
import type { ReportViolation } from './violation.ts'

/** What the checks of beliefs are told about the world. */
export interface Truth {
  nowMs(): number
  /** Who has the key, or parts of it, at the server, now. */
  holds(key: string): readonly ModelHold[]
  /** The grant is older than a loss of the server's state, and a lease of it could still be valid without any fault of the engine. */
  excusedByStateLoss(key: string, token: bigint): boolean
}

/** How long a free event loop may take to abort the signal of a lease that is over. */
const SIGNAL_LATENESS_MS = 20

/**
 * S1 and S3: looks at every lease, on the clocks of its own machine, whenever the world is at rest.
 *
 * Validity only begins at an event (a grant, a renewal, a clock that is set), so no overlap begins between two looks; and the server's
 * expiry of each hold is made an event, so no lease outlives its hold unseen.
 */
export class BeliefCheck {
  readonly #book: LeaseBook
  readonly #truth: Truth
  readonly #report: ReportViolation
  readonly #excusedEntries = new Set<LeaseEntry>()
  readonly #over = new WeakSet<LeaseEntry>()
  readonly #overdueSinceMs = new WeakMap<LeaseEntry, number>()

  constructor(book: LeaseBook, truth: Truth, report: ReportViolation) {
    this.#book = book
    this.#truth = truth
    this.#report = report
  }

  /** Leases that began while another was valid, excused by a server that had lost its state. */
  get excusedOverlaps(): number {
    return this.#excusedEntries.size
  }

  look(): void {
    const valid = this.#book.open().filter((entry) => this.#isValid(entry))
    for (const [index, entry] of valid.entries()) {
      entry.lastValidMs = this.#truth.nowMs()
      this.#checkAlone(entry, valid.slice(index + 1))
      this.#checkHeldAtServer(entry)
    }
  }

  /** The process was told that the lease is over: from here on it must not call it valid. */
  over(entry: LeaseEntry): void {
    this.#over.add(entry)
  }

  #isValid(entry: LeaseEntry): boolean {
    const valid = entry.lease.remainingMs > 0
    if (entry.listens) this.#checkSignal(entry, valid)
    if (valid && this.#over.has(entry))
      this.#report('S3', `${entry.key}: ${describe(entry)} was over and is called valid`)
    return valid
  }

  #checkAlone(entry: LeaseEntry, others: readonly LeaseEntry[]): void {
    const rival = others.find(
      ({ key, token, part }) => key === entry.key && token !== entry.token && !standTogether(part, entry.part),
    )
    if (rival === undefined) return
    if (this.#endedByTwin(entry) || this.#endedByTwin(rival)) return
    if (this.#excused(entry) || this.#excused(rival)) this.#excusedEntries.add(rival)
    else this.#report('S1', `${entry.key}: ${describe(entry)} and ${describe(rival)} are valid at once`)
  }

  #checkHeldAtServer(entry: LeaseEntry): void {
    const holds = this.#truth.holds(entry.key)
    if (holds.some((hold) => covers(hold, entry.token)) || this.#excused(entry) || this.#endedByTwin(entry)) return
    const has = holds[0] === undefined ? 'nobody' : `token ${holds[0].token}`
    this.#report('S1', `${entry.key}: ${describe(entry)} is valid, but at the server ${has} has the key`)
  }

  #excused({ key, token }: LeaseEntry): boolean {
    return this.#truth.excusedByStateLoss(key, token)
  }

  /** A handle that was taken up in two processes makes two leases of one claim: either may end it. In one process, it is one lease. */
  #endedByTwin(entry: LeaseEntry): boolean {
    const { key, token, machine } = entry
    return (
      this.#book.isShared(entry) &&
      this.#book.ofGrant(key, token).some((twin) => twin.machine !== machine && twin.letGo && !twin.handedOff)
    )
  }

  #checkSignal(entry: LeaseEntry, valid: boolean): void {
    const { aborted } = entry.lease.signal
    if (aborted) this.over(entry)
    // Two leases of one claim in one process may be one: a release of either ends both, and is no loss.
    if (!valid && !aborted && !this.#book.isShared(entry)) this.#checkLateness(entry)
  }

  /** Timers follow the monotonic clock: where the other runs faster or was tampered with, they cannot be in time. */
  #checkLateness(entry: LeaseEntry): void {
    const { disturbances, clock } = entry.machine
    if (disturbances > 0 || !clock.steady) return
    const nowMs = this.#truth.nowMs()
    const sinceMs = this.#overdueSinceMs.get(entry) ?? nowMs
    this.#overdueSinceMs.set(entry, sinceMs)
    if (nowMs - sinceMs > SIGNAL_LATENESS_MS)
      this.#report(
        'S3',
        `${entry.key}: ${describe(entry)} is over, and its signal has not aborted after ${SIGNAL_LATENESS_MS} ms`,
      )
  }
}

const describe = ({ machine, token }: LeaseEntry) => `the lease of ${machine.name} with token ${token}`
