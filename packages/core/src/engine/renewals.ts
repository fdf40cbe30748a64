import type { Instant } from '../clock.ts'
import type { Renewal } from '../contract.ts'
import type { LeaseholdError } from '../errors.ts'
import { checkEach, checkRenewal, isGone } from './answers.ts'
import { type Bench, timeoutMs } from './bench.ts'
import type { Hold } from './hold.ts'
import type { Failures } from './hold-keeper.ts'
import { type Answered, ask, noAnswer } from './requests.ts'

/** Claims in one request: enough to make 10,000 leases cheap, few enough for one packet stream and one script. */
const BATCH = 500

/** Renews leases, many in one request. A renewal that fails is jeopardy; only the deadline or the backend's word is loss. */
export class Renewals {
  readonly #bench: Bench
  #due: Hold[] = []

  constructor(bench: Bench) {
    this.#bench = bench
  }

  /** Collects; `flush` sends. */
  add(hold: Hold): void {
    this.#due.push(hold)
  }

  flush(): void {
    // What fired in the same pass may have renewed or ended some.
    const due = this.#due.filter((hold) => hold.state === 'held' && !hold.renewal)
    this.#due = []
    // Those of like TTLs together: the shortest decides how long an answer may take.
    due.sort((one, other) => one.terms.ttlMs - other.terms.ttlMs)
    while (due.length > 0) void this.#send(due.splice(0, BATCH))
  }

  /** For a caller who waits for the answer. A lease has one renewal under way: whoever asks meanwhile gets its answer. */
  async renewNow(hold: Hold): Promise<void> {
    const failures = await (hold.renewal ?? this.#send([hold]))
    const error = failures.get(hold)
    if (error) throw error
  }

  /** In the order of their TTLs. Resolves with those that failed. */
  #send(holds: readonly Hold[]): Promise<Failures<Hold>> {
    const renewal = this.#renew(holds)
    for (const hold of holds) hold.renewing(renewal)
    return renewal
  }

  async #renew(holds: readonly Hold[]): Promise<Failures<Hold>> {
    const bench = this.#bench
    const claims = holds.map(({ claim, terms: { ttlMs }, isPassedOn, fencingToken }) =>
      isPassedOn ? { ...claim, ttlMs, fencingToken } : { ...claim, ttlMs },
    )
    const failures = new Map<Hold, LeaseholdError>()
    const take = ({ answer, sentAt }: Answered<readonly Renewal[]>) => {
      const now = bench.clock.now()
      for (const [index, hold] of holds.entries()) {
        const renewal = answer[index] as Renewal
        if (renewal === 'unknown') failures.set(hold, noAnswer(bench, { what: 'renew', claims: [hold.claim] }))
        else this.#settle(hold, renewal, sentAt, now)
      }
    }
    const asking = ask(bench, {
      what: 'renew',
      claims,
      timeoutMs: timeoutMs(bench, claims[0]?.ttlMs ?? 0, 3),
      send: (backend) => backend.renew(claims),
      check: (answers) => checkEach(answers, claims, checkRenewal),
      // Given up on, but still evidence: its time counts from its own send.
      onLate: take,
    })
    await asking.then(take, (error: LeaseholdError) => {
      for (const hold of holds) failures.set(hold, error)
    })
    for (const hold of holds) hold.renewing(undefined)
    for (const [hold, error] of failures) hold.renewalFailed(error)
    return failures
  }

  #settle(hold: Hold, answer: Exclude<Renewal, 'unknown'>, sentAt: Instant, now: Instant): void {
    if (isGone(answer)) hold.lose('gone', answer.slice('gone: '.length))
    else if (answer.fencingToken !== hold.fencingToken) {
      // This claim was granted anew by a delayed duplicate of its acquire. The lease we knew is gone.
      hold.lose('gone')
      hold.server.withdraw()
    } else if (hold.isValid(now)) {
      hold.renewed(answer, sentAt, now)
      hold.tell({ type: 'renewed', remainingMs: hold.remainingMs(now) })
    }
    // A renewal never revives a lease: what it made the server keep is given back.
    else if (hold.state === 'lost') hold.server.grantedLate()
  }
}
