import type {
  Candidate,
  Claim,
  Contended,
  Core,
  Grant,
  LockBackend,
  Renewal,
  RenewedClaim,
  Terms,
} from '@leasehold/core'
import { Attachment, LeaseholdError } from '@leasehold/core'
import { Listening } from '../listening.ts'
import { classifyPostgresError } from '../refusals.ts'
import { channelOf } from '../schema-name.ts'
import { Connection } from './connection.ts'
import type { Hold, Seat } from './hold.ts'
import { briefMs, Lane } from './lane.ts'
import { Lanes } from './lanes.ts'
import type { HeldLimit } from './lock-room.ts'
import { Onlooker } from './onlooker.ts'
import { type PostgresAdvisoryBackendOptions, parseAdvisory } from './options.ts'
import { Places } from './places.ts'
import { idOf, Presence } from './presence.ts'
import { Registry } from './registry.ts'
import { Releases } from './releases.ts'
import { again, insteadOf } from './repeated-claim.ts'
import { Session } from './session.ts'
import { Sessions } from './sessions.ts'
import { statements } from './statements.ts'

/**
 * Locks as session advisory locks, on few connections of its own. The server frees what a process holds as soon as it dies, and within
 * the granted TTL and a second when it freezes or is cut off. *Exclusion of valid leases* on one primary.
 */
export const postgresAdvisoryBackend = (options: PostgresAdvisoryBackendOptions): LockBackend => new Advisory(options)

interface Standing {
  readonly hold: Hold
  readonly lane: Lane
}

class Advisory implements LockBackend {
  readonly name = 'postgres-advisory'
  readonly capabilities = {
    fifo: false,
    handOff: false,
    survivesRestart: false,
    slackMs: 1000,
    minTtlMs: 1,
    tellsLosses: true,
    shares: ['shared'],
  } as const
  readonly classifyError = classifyPostgresError
  readonly #places: Places
  readonly #limit: HeldLimit
  readonly #sessions: Sessions
  readonly #lanes: Lanes
  readonly #listening: Listening
  readonly #presence: Presence
  readonly #onlooker: Onlooker
  readonly #registry = new Registry()
  /** Who stands in the server's line, by claim. */
  readonly #standing = new Map<string, Standing>()
  readonly #core = new Attachment()

  constructor(options: PostgresAdvisoryBackendOptions) {
    const { connect, schema, limit, isPooled } = parseAdvisory(options)
    this.#places = new Places(schema)
    this.#limit = limit
    const channel = channelOf(`advisory ${schema}`)
    const sql = statements(schema, channel, isPooled)
    const opens = (waits: boolean) => (onEnd: () => void) =>
      new Connection(connect, schema, { waits, isPooled, limit }, onEnd)
    this.#onlooker = new Onlooker(opens(false), sql)
    const keeper = {
      look: (place: string) => this.#onlooker.isOpen(place),
      over: (hold: Hold, lost: boolean) => this.#over(hold, lost),
      taken: (hold: Hold) => this.#taken(hold),
      clockWasSet: () => this.#touch(),
    }
    this.#sessions = new Sessions((ttlMs, gone) => new Session(ttlMs, opens(false), sql, { ...keeper, gone }))
    this.#lanes = new Lanes(
      (ttlMs, gone) => new Lane(ttlMs, opens(true), sql, { ...keeper, gone }, this.#lanes),
      (id) => this.#presence.call(id),
    )
    const releases = new Releases(channel)
    this.#listening = new Listening(connect, releases)
    this.#listening.isPooled = isPooled
    this.#presence = new Presence(this.#listening, releases)
  }

  attach(core: Core): void {
    this.#core.attach(core)
  }

  async tryAcquire(claim: Claim, { ttlMs }: Terms): Promise<Grant | Contended> {
    const place = this.#places.of(claim.key)
    let known = this.#registry.decisiveFor(claim, place)
    // No pause from looking to asking, or two would ask.
    while (known?.leaving !== undefined) {
      await known.leaving.catch(() => {})
      known = this.#registry.decisiveFor(claim, place)
    }
    if (known !== undefined) return again(known, claim)
    if (this.#registry.size >= this.#limit.locks) throw tooMany(this.#limit.locks)
    const hold = this.#sessions.for(ttlMs).ask(claim, place)
    this.#registry.ask(hold)
    if (!(await hold.asked)) return { granted: false }
    if (hold.state === 'over') throw new Error('the session ended as it was granted the lock')
    const brought = claim.share && this.#registry.of(claim, place)
    if (brought !== undefined && brought !== hold) return insteadOf(hold, brought)
    if (this.#isWaiting) this.#stopWaiting(claim, place).catch(() => {})
    return hold.grantOf(hold.session.ttlMs)
  }

  async renew(claims: readonly RenewedClaim[]): Promise<readonly Renewal[]> {
    const holds = claims.map((claim) => this.#held(claim))
    const silent = new Map<Seat, unknown>()
    const renewals = [...bySession(holds)].map(([session, those]) =>
      session.renew(those).catch((error: unknown) => silent.set(session, error)),
    )
    await Promise.all(renewals)
    // Of all the same: then why is told, too.
    const [why] = silent.values()
    if (why !== undefined && holds.every((hold) => hold?.state === 'held' && silent.has(hold.session))) throw why
    return holds.map((hold, index) => {
      if (hold?.state !== 'held') return 'gone'
      hold.nameToken(claims[index]?.fencingToken)
      return silent.has(hold.session) ? 'unknown' : hold.grantOf(hold.session.ttlMs)
    })
  }

  async release(claim: Claim, next?: Candidate): Promise<boolean> {
    const place = this.#places.of(claim.key)
    const hold = this.#registry.of(claim, place)
    if (this.#standing.get(idOf(claim))?.hold === hold) this.#standing.delete(idOf(claim))
    // It may stand in line while it asks, too.
    const left = this.#isWaiting && this.#stopWaiting(claim, place)
    if (hold === undefined) return left
    // Others of this process wait for a session to wait on: they come first.
    if (next === undefined || !(hold.session instanceof Lane) || this.#lanes.isAwaited) {
      const ends = await Promise.all([hold.session.giveUp(hold), left])
      return ends.includes(true)
    }
    const handed = hold.session.handOver(hold, next, next.ttlMs)
    this.#standing.set(idOf(next), { hold: handed.next, lane: hold.session })
    return handed.ended
  }

  /** In one trip for each session, but for those that stand in line. */
  releaseAll(claims: readonly Claim[]): Promise<readonly boolean[]> {
    const holds = claims.map((claim) => this.#simplyHeld(claim))
    for (const [session, those] of bySession([...new Set(holds)])) session.giveUpAll(those)
    return Promise.all(claims.map((claim, index) => holds[index]?.leaving ?? this.release(claim)))
  }

  async waitForTurn(claim: Claim, { ttlMs }: Terms, signal: AbortSignal): Promise<Grant | undefined> {
    if (signal.aborted) return undefined
    const place = this.#places.of(claim.key)
    const standing = this.#standing.get(idOf(claim)) ?? this.#stand(claim, place, ttlMs)
    if (standing === undefined) {
      await this.#hear(claim, place, signal)
      return undefined
    }
    await settled(standing.hold.asked, signal)
    return brought(standing.hold)
  }

  async close(): Promise<void> {
    this.#core.detach()
    await Promise.all([this.#sessions.close(), this.#lanes.close(), this.#listening.close(), this.#onlooker.close()])
  }

  #held(claim: Claim): Hold | undefined {
    const hold = this.#registry.of(claim, this.#places.of(claim.key))
    return hold?.state === 'held' && hold.remainingMs > 0 ? hold : undefined
  }

  /** The hold of a claim that stands in no line besides, on a session that many share. */
  #simplyHeld(claim: Claim): Hold | undefined {
    const place = this.#places.of(claim.key)
    const hold = this.#registry.of(claim, place)
    if (hold?.state !== 'held' || hold.session instanceof Lane || this.#standing.has(idOf(claim))) return undefined
    this.#waitsNoLonger(claim, place)
    return hold
  }

  /** Told of releases, and called when there is a session to wait on. */
  async #hear(claim: Claim, place: string, signal: AbortSignal): Promise<void> {
    let comesAgain = false
    try {
      await this.#presence.wait(claim, place, signal)
      comesAgain = !signal.aborted
    } finally {
      // One that failed to hear may not come for long.
      if (!comesAgain) this.#lanes.leave(idOf(claim))
    }
  }

  /** Stands in the server's line, if there is a session left for it. The readers of one place have one of them among them. */
  #stand(claim: Claim, place: string, ttlMs: number): Standing | undefined {
    const isOneOfMany = claim.share !== undefined && this.#readersStandAt(place)
    const isBehindReaders = this.#presence.isBehindReaders(claim)
    const lane = isOneOfMany ? undefined : this.#lanes.for(idOf(claim), ttlMs, isBehindReaders)
    if (lane === undefined) return undefined
    this.#presence.leave(claim, place)
    const standing = { hold: lane.enqueue(claim, place, isBehindReaders), lane }
    this.#standing.set(idOf(claim), standing)
    return standing
  }

  #readersStandAt(place: string): boolean {
    return [...this.#standing.values()].some(
      ({ hold }) => hold.place === place && hold.mode === 'shared' && hold.state === 'waiting',
    )
  }

  get #isWaiting(): boolean {
    return this.#standing.size > 0 || this.#presence.isWaiting || this.#lanes.isAwaited
  }

  #waitsNoLonger(claim: Claim, place: string): void {
    this.#standing.delete(idOf(claim))
    this.#presence.leave(claim, place)
    this.#lanes.leave(idOf(claim))
  }

  /** Resolves with whether the wait had brought the place. */
  async #stopWaiting(claim: Claim, place: string): Promise<boolean> {
    const standing = this.#standing.get(idOf(claim))
    this.#waitsNoLonger(claim, place)
    if (standing === undefined) return false
    const { hold, lane } = standing
    return lane.leave(hold, async (pid) => this.#sessions.for(lane.ttlMs).interrupt(pid))
  }

  /** The server is to hear of all sessions, before it ends one by a clock that was set. */
  #touch(): void {
    this.#sessions.touch()
    this.#lanes.touch()
  }

  #taken(hold: Hold): void {
    this.#registry.bring(hold)
    // Its turn is that of all who read.
    if (hold.mode === 'shared') this.#presence.wakeAt(hold.place)
  }

  #over(hold: Hold, lost: boolean): void {
    this.#registry.delete(hold)
    if (this.#standing.size > 0 && this.#standing.get(idOf(hold.claim))?.hold === hold)
      this.#standing.delete(idOf(hold.claim))
    if (lost) this.#core.lost(hold.claim)
  }
}

function bySession(holds: readonly (Hold | undefined)[]): Map<Seat, Hold[]> {
  const groups = new Map<Seat, Hold[]>()
  for (const hold of holds) {
    if (hold === undefined) continue
    const group = groups.get(hold.session)
    if (group === undefined) groups.set(hold.session, [hold])
    else group.push(hold)
  }
  return groups
}

/** Settles with the promise, and soon after the signal aborts. */
function settled(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => resolve()
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    promise.then(() => resolve(), reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

/** What the wait itself has brought, if it was short enough: a lease that lasts as long as the timeout of sessions that wait. */
const brought = (hold: Hold): Grant | undefined => {
  const { state, since, session } = hold
  return state === 'held' && since ? { ...hold.grantOf(briefMs(session.ttlMs)), since } : undefined
}

const tooMany = (maxHeld: number): LeaseholdError =>
  new LeaseholdError('LIMIT_REACHED', `maxHeld is ${maxHeld}: more locks would fill the lock table of the server`)
