import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Renewals that come too late, too often, or are misread. */
export const renewalMutants = all

const hold = inFile('engine/hold.ts')
const renewals = inFile('engine/renewals.ts')

add(
  'renewal-revives-lease',
  'a renewal that is answered after the deadline brings the lease back',
  'renew/too-late',
  renewals('else if (hold.isValid(now)) {', 'else {'),
  hold(
    'renewed(grant: Grant, sentAt: Instant, now: Instant): void {',
    `renewed(grant: Grant, sentAt: Instant, now: Instant): void {\n    this.#state = 'held'`,
  ),
  renewals("else if (hold.state === 'lost') hold.server.grantedLate()", ''),
)

add(
  'jeopardy-is-loss',
  'a failed renewal ends the lease',
  'renew/jeopardy',
  renewals('hold.renewalFailed(error)', `hold.lose('gone')`),
)

add(
  'unknown-is-loss',
  'a renewal answered with unknown ends the lease',
  'renew/unknown',
  renewals(
    `if (renewal === 'unknown') failures`,
    `if (renewal === 'unknown') this.#settle(hold, 'gone', sentAt)\n        else if (!renewal) failures`,
  ),
)

add(
  'gone-ignored',
  'the word of the backend that a claim is gone is ignored',
  'renew/gone',
  renewals(`if (isGone(answer)) hold.lose('gone', answer.slice('gone: '.length))`, `if (answer === 'gone') return`),
)

add(
  'token-change-ignored',
  'a renewal that comes with another token prolongs the lease',
  'renew/token-changed',
  renewals('else if (answer.fencingToken !== hold.fencingToken)', 'else if (answer.ttlMs < 0)'),
)

add(
  'never-renewed',
  'a lease is not renewed in the background',
  'renew/background',
  hold('this.hall.renewals.add(this)', ''),
)

add(
  'renewed-unasked',
  'a lease is renewed although that was switched off',
  'renew/not-asked',
  hold('return this.#autoRenew || !this.#confirmed', 'return true'),
)

add(
  'renewed-one-by-one',
  'every lease is renewed in a request of its own',
  'renew/batched',
  renewals('const BATCH = 500', 'const BATCH = 1'),
)

add(
  'renewal-storm',
  'a failed renewal is repeated without a pause to speak of',
  'renew/until-the-deadline',
  hold('Math.max(5, this.terms.ttlMs / 20)', '1'),
)

add(
  'renewed-once',
  'a renewal that failed is not tried again',
  'renew/jeopardy',
  hold('this.#renewAt = shift(this.hall.clock.now(), Math.min(1000, Math.max(5, this.terms.ttlMs / 20)))', ''),
)

add(
  'short-grant-kept',
  'a grant that is shorter than asked is not renewed to its full TTL',
  'wait/short-grant',
  hold('return this.#autoRenew || !this.#confirmed', 'return this.#autoRenew'),
)
