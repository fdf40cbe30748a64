import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Claims and leases that are not ended, or ended by the wrong one. */
export const endingMutants = all

const acquireAll = inFile('engine/acquire-all.ts')
const contender = inFile('engine/contender.ts')
const close = inFile('engine/close.ts')
const hall = inFile('engine/hall.ts')
const hold = inFile('engine/hold.ts')
const lease = inFile('engine/lease.ts')
const serverClaim = inFile('engine/server-claim.ts')

add(
  'abort-swallowed',
  'a grant that nobody waits for any more is kept',
  'ambiguity/grant-after-abort',
  contender('this.#claim.abandon()', ''),
)

add(
  'unknown-not-compensated',
  'an attempt whose outcome is unknown is left to its TTL',
  'ambiguity/acquire-reply-lost',
  serverClaim("!isLeaseholdError(error, 'BACKEND_REFUSED')", 'false'),
)

add(
  'release-aborted',
  'the signal that stops the wait stops the release, too',
  'ambiguity/release-not-aborted',
  hold(
    'giveUp(): Promise<ReleaseOutcome> {',
    `giveUp(): Promise<ReleaseOutcome> {\n    if (this.terms.signal?.aborted) return Promise.resolve('released')`,
  ),
)

add(
  'release-sent-again',
  'a repeated release is sent again',
  'hygiene/release-repeated',
  hold('this.#ending ??= this.#release(now, minHoldMs)', 'this.#ending = this.#release(now, minHoldMs)'),
)

add(
  'release-keeps-lease',
  'a lease whose release was not answered goes on being renewed',
  'ambiguity/release-lost',
  hold(`this.#end('released')`, ''),
)

add(
  'refused-group-kept',
  'a refused group keeps what it has taken one by one',
  'acquire/group-none-minimal',
  acquireAll('complete || releaseAll(taken)', 'complete'),
)

add(
  'close-forgets',
  'closing releases nothing',
  'hygiene/close-releases',
  close('void hold.release().catch(() => {})', 'continue'),
)

add('close-leaves-timers', 'closing leaves timers behind', 'hygiene/no-timers', close('scheduler.stop()', ''))

add(
  'close-leaves-waiters',
  'closing leaves those who wait alone',
  'hygiene/close-ends-waits',
  close('hall.giveUpAll(', 'void ('),
)

add(
  'handed-off-released',
  'a lease that was handed off is released all the same',
  'portability/handed-off-is-over',
  hold(
    `if (this.#state === 'handed-off') return Promise.resolve(this.#state)`,
    `if (this.#state === 'handed-off') return this.release().then(() => 'handed-off')`,
  ),
)

add(
  'handed-off-closed',
  'closing releases a lease that was handed off',
  'portability/outlives-its-client',
  lease('this.#hold.handOff()', ''),
)

add(
  'deaf-to-losses',
  'a loss that the backend tells by itself is not heard',
  'renew/told-loss',
  hall('lost: (claim, why) => this.#lost(claim, why)', 'lost: () => {}'),
)

add(
  'lost-by-key',
  'a loss that was told of one claim ends whatever lease has the key',
  'renew/told-loss',
  hall('if (hold.claim.holder === holder)', 'if (holder)'),
)
