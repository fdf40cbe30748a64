import { type Instant, shift } from '../clock.ts'
import type { Grant, Renewal } from '../contract.ts'
import type { LeaseholdError } from '../errors.ts'
import { checkEach, checkRenewal } from './answers.ts'
import type { Engine } from './engine.ts'
import type { Hold } from './hold.ts'
import type { Answered } from './requests.ts'

/** Claims in one request: enough to make 10,000 leases cheap, few enough for one packet stream and one script. */
const BATCH = 500

/** Renews leases, many in one request. A renewal that fails is jeopardy; only the deadline or the backend's word is loss. */
export class Renewals {
  readonly #engine: Engine
  #due: Hold[] = []

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Collects; `flush` sends. */
  add(hold: Hold): void {
    this.#due.push(hold)
  }

  flush(): void {
    // What fired in the same pass may have renewed or ended some.
    const due = this.#due.filter((hold) => hold.state === 'held' && !hold.renewal)
    this.#due = []
    for (const ttlMs of new Set(due.map((hold) => hold.terms.ttlMs))) {
      const holds = due.filter((hold) => hold.terms.ttlMs === ttlMs)
      for (let start = 0; start < holds.length; start += BATCH) void this.#send(holds.slice(start, start + BATCH))
    }
  }

  /** For a caller who waits for the answer. A lease has one renewal under way: whoever asks meanwhile gets its answer. */
  async renewNow(hold: Hold): Promise<void> {
    const failures = await (hold.renewal ?? this.#send([hold]))
    const error = failures.get(hold)
    if (error) throw error
  }

  /** All of one TTL. Resolves with those that failed. */
  #send(holds: readonly Hold[]): Promise<ReadonlyMap<Hold, LeaseholdError>> {
    const renewal = this.#renew(holds)
    for (const hold of holds) hold.renewal = renewal
    return renewal
  }

  async #renew(holds: readonly Hold[]): Promise<ReadonlyMap<Hold, LeaseholdError>> {
    const { requests, options, clock } = this.#engine
    const ttlMs = holds[0]?.terms.ttlMs ?? 0
    const claims = holds.map((hold) => hold.claim)
    const failures = new Map<Hold, LeaseholdError>()
    const take = ({ answer, sentAt }: Answered<readonly Renewal[]>) => {
      const now = clock.now()
      for (const [index, hold] of holds.entries()) {
        const renewal = answer[index] as Renewal
        if (renewal === 'unknown') failures.set(hold, requests.noAnswer({ what: 'renew', claims: [hold.claim] }))
        else this.#settle(hold, renewal, sentAt, now)
      }
    }
    const asking = requests.ask({
      what: 'renew',
      claims,
      timeoutMs: Math.min(options.requestTimeoutMs, ttlMs / 3),
      send: (backend) => backend.renew(claims, ttlMs),
      check: (answers) => checkEach(answers, claims.length, checkRenewal),
      // Given up on, but still evidence: its time counts from its own send.
      onLate: take,
    })
    await asking.then(take, (error: LeaseholdError) => {
      for (const hold of holds) failures.set(hold, error)
    })
    for (const hold of holds) hold.renewal = undefined
    for (const [hold, error] of failures) this.#jeopardise(hold, error)
    return failures
  }

  #settle(hold: Hold, answer: Grant | 'gone', sentAt: Instant, now: Instant): void {
    const { holds } = this.#engine
    if (answer === 'gone' || answer.fencingToken !== hold.fencingToken) {
      holds.lose(hold, 'gone')
      // This claim was granted anew by a delayed duplicate of its acquire. The lease we knew is gone.
      if (answer !== 'gone') this.#engine.withdraw([hold.claim])
    } else if (holds.isValid(hold, now)) {
      holds.extend(hold, answer, sentAt, now)
      this.#engine.tell('renewed', hold, { remainingMs: hold.remainingMs(now) })
    }
    // A renewal never revives a lease: what it made the server keep is given back.
    else if (hold.state === 'lost') holds.giveBack(hold)
  }

  #jeopardise(hold: Hold, error: LeaseholdError): void {
    const { clock, holds } = this.#engine
    if (!hold.wantsRenewal || !holds.isValid(hold) || hold.renewAt) return
    const now = clock.now()
    hold.renewAt = shift(now, Math.min(1000, Math.max(5, hold.terms.ttlMs / 20)))
    holds.plan(hold)
    this.#engine.tell('jeopardy', hold, { remainingMs: hold.remainingMs(now), error })
  }
}
