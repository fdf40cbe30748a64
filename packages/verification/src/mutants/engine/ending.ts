import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Claims and leases that are not ended, or ended by the wrong one. */
export const endingMutants = all

const acquire = inFile('engine/acquire.ts')
const acquireAll = inFile('engine/acquire-all.ts')
const contender = inFile('engine/contender.ts')
const engine = inFile('engine/engine.ts')
const holds = inFile('engine/holds.ts')
const lease = inFile('engine/lease.ts')
const locks = inFile('engine/locks.ts')

add(
  'abort-swallowed',
  'a grant that nobody waits for any more is kept',
  'ambiguity/grant-after-abort',
  contender('if (!this.#hold && this.#mayBeKnown)', 'if (false)'),
)

add(
  'unknown-not-compensated',
  'an attempt whose outcome is unknown is left to its TTL',
  'ambiguity/acquire-reply-lost',
  acquire('if (!nothingTookEffect)', 'if (false)'),
)

add(
  'release-aborted',
  'the signal that stops the wait stops the release, too',
  'ambiguity/release-not-aborted',
  lease(
    'async release(): Promise<ReleaseOutcome> {',
    `async release(): Promise<ReleaseOutcome> {\n    if (this.#hold.terms.signal?.aborted) return 'released'`,
  ),
)

add(
  'release-sent-again',
  'a repeated release is sent again',
  'hygiene/release-repeated',
  engine('hold.ending ??= this.#release(hold)', 'hold.ending = this.#release(hold)'),
)

add(
  'release-keeps-lease',
  'a lease whose release was not answered goes on being renewed',
  'ambiguity/release-lost',
  engine(`this.holds.end(hold, 'released')`, ''),
)

add(
  'refused-group-kept',
  'a refused group keeps what it has taken one by one',
  'acquire/group-none-minimal',
  acquireAll('if (!complete) releaseAll', 'if (false) releaseAll'),
)

add(
  'close-forgets',
  'closing releases nothing',
  'hygiene/close-releases',
  locks('const held = [...holds]', 'const held: Hold[] = []'),
)

add('close-leaves-timers', 'closing leaves timers behind', 'hygiene/no-timers', locks('scheduler.stop()', ''))

add(
  'close-leaves-waiters',
  'closing leaves those who wait alone',
  'hygiene/close-ends-waits',
  locks('queues.giveUpAll(', 'void ('),
)

add(
  'handed-off-released',
  'a lease that was handed off is released all the same',
  'portability/handed-off-is-over',
  lease(
    `if (state === 'handed-off') return state`,
    `if (state === 'handed-off') return this.#engine.release(this.#hold).then(() => state)`,
  ),
)

add(
  'handed-off-closed',
  'closing releases a lease that was handed off',
  'portability/outlives-its-client',
  lease(`this.#engine.holds.end(this.#hold, 'handed-off')`, ''),
)

add(
  'deaf-to-losses',
  'a loss that the backend tells by itself is not heard',
  'renew/told-loss',
  engine('this.holds.gone(claim)', 'void claim'),
)

add(
  'lost-by-key',
  'a loss that was told of one claim ends whatever lease has the key',
  'renew/told-loss',
  holds('if (hold?.claim.holder === holder)', 'if (hold !== undefined && holder)'),
)
