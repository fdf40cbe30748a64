import { checkedRenewals } from './answers.ts'
import { type Instant, shift } from './clock.ts'
import type { Grant, Renewal } from './contract.ts'
import type { Engine } from './engine.ts'
import type { LeaseholdError } from './errors.ts'
import type { Hold } from './hold.ts'

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
    if (this.#due.length === 0) return
    const due = this.#due
    this.#due = []
    for (const ttlMs of new Set(due.map((hold) => hold.terms.ttlMs))) {
      const holds = due.filter((hold) => hold.terms.ttlMs === ttlMs)
      for (let start = 0; start < holds.length; start += BATCH)
        void this.#renewInBackground(holds.slice(start, start + BATCH))
    }
  }

  /** Renews for a caller who waits for the answer. All of one TTL. */
  async renewNow(holds: readonly Hold[]): Promise<void> {
    const silent = await this.#send(holds)
    if (silent.length > 0) throw this.#noAnswer(silent)
  }

  async #renewInBackground(holds: readonly Hold[]): Promise<void> {
    try {
      const silent = await this.#send(holds)
      for (const hold of silent) this.#jeopardise(hold, this.#noAnswer(silent))
    } catch (error) {
      for (const hold of holds) this.#jeopardise(hold, error as LeaseholdError)
    }
  }

  #noAnswer(holds: readonly Hold[]): LeaseholdError {
    return this.#engine.requests.noAnswer(
      { what: 'renew', claims: holds.map((hold) => hold.claim) },
      'it answered for others only',
    )
  }

  /** Resolves with those of whom the backend said nothing. */
  async #send(holds: readonly Hold[]): Promise<Hold[]> {
    const { clock, requests, options } = this.#engine
    const ttlMs = holds[0]?.terms.ttlMs ?? 0
    const claims = holds.map((hold) => hold.claim)
    const sentAt = clock.now()
    const take = (answers: readonly Renewal[]) => {
      for (const [index, hold] of holds.entries()) this.#settle(hold, answers[index] as Renewal, sentAt)
    }
    const answers = await requests.ask({
      what: 'renew',
      claims,
      timeoutMs: Math.min(options.requestTimeoutMs, ttlMs / 3),
      send: async (backend) => checkedRenewals(await backend.renew(claims, ttlMs), claims.length),
      // Given up on, but still evidence: its time counts from its own send.
      onLate: take,
    })
    take(answers)
    return holds.filter((_, index) => answers[index] === 'unknown')
  }

  #settle(hold: Hold, answer: Renewal, sentAt: Instant): void {
    const { holds } = this.#engine
    if (answer === 'unknown') return
    if (answer === 'gone') holds.lose(hold, 'gone')
    else if (answer.fencingToken !== hold.fencingToken) {
      // This claim was granted anew by a delayed duplicate of its acquire. The lease we knew is gone.
      holds.lose(hold, 'gone')
      this.#engine.withdraw(hold.claim)
    } else if (holds.isValid(hold)) this.#extend(hold, answer, answer.since ?? sentAt)
    // A renewal never revives a lease: what it made the server keep is given back.
    else if (hold.state === 'lost') this.#engine.withdraw(hold.claim)
  }

  #extend(hold: Hold, grant: Grant, since: Instant): void {
    const { holds, clock } = this.#engine
    holds.extend(hold, grant, since)
    const { claim, fencingToken } = hold
    this.#engine.emit({ type: 'renewed', key: claim.key, fencingToken, remainingMs: hold.remainingMs(clock.now()) })
  }

  #jeopardise(hold: Hold, error: LeaseholdError): void {
    const { clock, holds, scheduler } = this.#engine
    if (!holds.isValid(hold) || hold.renewAt !== undefined) return
    const now = clock.now()
    hold.renewAt = shift(now, Math.min(1000, Math.max(5, hold.terms.ttlMs / 20)))
    scheduler.schedule(hold, hold.nextDue)
    const { claim, fencingToken } = hold
    this.#engine.emit({ type: 'jeopardy', key: claim.key, fencingToken, remainingMs: hold.remainingMs(now), error })
  }
}
