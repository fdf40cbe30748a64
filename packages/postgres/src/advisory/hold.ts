import type { Claim, Grant, Instant } from '@leasehold/core'
import type { Mode } from './statements.ts'

/** The session on which a claim has its place, as far as the claim is concerned. */
export interface Seat {
  /** Of all its leases. */
  readonly ttlMs: number
  renew(holds: readonly Hold[]): Promise<void>
  /** Resolves with whether the claim had its place still. */
  confirm(hold: Hold): Promise<boolean>
  /** Resolves with whether this call ended it. */
  giveUp(hold: Hold): Promise<boolean>
  /** As `giveUp`, in one statement, of what is held; `leaving` of each tells. */
  giveUpAll(holds: readonly Hold[]): void
}

/** One claim that asks for its place in a session, or has it. */
export class Hold {
  readonly claim: Claim
  readonly place: string
  readonly mode: Mode
  readonly session: Seat
  /** `waiting`: in the server's line. `taken`: a wait brought the place, which is to be confirmed. */
  state: 'asked' | 'waiting' | 'taken' | 'held' | 'over' = 'asked'
  fencingToken = 0n
  /** The last of those that nobody else is granted. */
  lastToken = 0n
  /** When it was asked for, if the wait brought a lease by itself. */
  since: Instant | undefined
  /** When this process gives it up unless renewed, by `performance.now()`: never before the granted TTL is over. */
  deadlineMs = Number.POSITIVE_INFINITY
  /** Whether the place was granted. */
  asked: Promise<boolean> = Promise.resolve(false)

  /** It is being given up: settles when the server has answered. */
  leaving: Promise<boolean> | undefined

  constructor(claim: Claim, place: string, session: Seat) {
    this.claim = claim
    this.place = place
    this.mode = claim.share === undefined ? 'exclusive' : 'shared'
    this.session = session
  }

  isOf({ key, holder }: Claim): boolean {
    return this.claim.key === key && this.claim.holder === holder
  }

  /** Those who read have the place together, and pass nothing on. */
  grantOf(ttlMs: number): Grant {
    const { fencingToken, lastToken } = this
    const grant = { granted: true, ttlMs, fencingToken } as const
    return this.mode === 'shared' ? grant : { ...grant, reserved: Number(lastToken - fencingToken) }
  }

  /** The turn was passed on, under one of the tokens that are reserved for it. */
  nameToken(named = 0n): void {
    if (named > this.fencingToken && named <= this.lastToken) this.fencingToken = named
  }

  get remainingMs(): number {
    return Math.max(0, this.deadlineMs - performance.now())
  }
}
