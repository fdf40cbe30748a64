import { backendMutants } from '../mutants/backend-mutants.ts'
import { engineMutants } from '../mutants/engine-mutants.ts'
import { inFile, type Mutant } from '../mutants/mutant.ts'
import { bundledEngine } from './bundled-engine.ts'
import type { SeedsThatCatch } from './seeds-that-catch.ts'
import { simulate } from './simulate.ts'
import type { Rule } from './violation.ts'

/** Mutants of the conformance suite that break a rule in the simulation, too, and the rule. The others break what it does not look at. */
const SIMULATED: Readonly<Record<string, Rule>> = {
  'deadline-from-reply': 'S1',
  'no-margin': 'S1',
  'wall-ignored': 'S1',
  'monotonic-ignored': 'S1',
  'timer-as-only-validity': 'S1',
  'renewal-revives-lease': 'S1',
  'gone-ignored': 'S3',
  'all-contend': 'L3',
  'abort-swallowed': 'S7',
  'unknown-not-compensated': 'S6',
  'jeopardy-is-loss': 'S7',
  'never-renewed': 'L5',
  'no-poll': 'L4',
  'bounded-wait-gives-up': 'L1',
  'release-aborted': 'L1',
  'release-keeps-lease': 'S1',
  'refused-group-kept': 'L1',
  'group-in-any-order': 'L1',
  'close-leaves-timers': 'L6',
  'handed-off-closed': 'S1',
  'outlived-work-succeeds': 'S8',
  'work-error-masked': 'S8',
  'holders-reused': 'S1',
  'constant-token': 'S4',
  'token-forgotten-on-expiry': 'S4',
  'token-before-exclusion': 'S4',
  'token-of-the-claim': 'S4',
  'renewal-draws-a-token': 'S4',
  'group-out-of-order': 'S4',
  'release-ignores-the-holder': 'S5',
  'release-always-agrees': 'S5',
  'renewal-acquires': 'S5',
  'renewal-revives': 'S5',
  'renewal-by-anybody': 'S5',
  'hand-off-lies': 'S5',
  'freed-early': 'S1',
  'second-holder': 'S1',
  'repeat-promises-too-much': 'S1',
  'not-idempotent': 'L1',
  'waiter-leaked': 'L1',
  'refusal-queues': 'L1',
  'reader-beside-writer': 'S1',
  'writer-beside-reader': 'S1',
  'permit-beside-reader': 'S1',
  'one-release-for-all': 'S1',
  'one-death-for-all': 'S1',
  'slot-given-twice': 'S1',
  'slot-token-back': 'S4',
}

interface SimulatedMutant extends Pick<Mutant, 'id' | 'mistake' | 'patches'> {
  readonly rule: Rule
  /** The seed to begin with, where what it takes is rare. */
  readonly from?: number
}

const clock = inFile('clock.ts')
const contender = inFile('engine/contender.ts')
const wholeDesk = inFile('engine/whole-desk.ts')
const close = inFile('engine/close.ts')
const serverClaim = inFile('engine/server-claim.ts')
const renewals = inFile('engine/renewals.ts')

const resume = inFile('engine/resume.ts')

/** Mistakes that take a bad network, or a pause at the wrong moment, to be seen. */
const OWN: readonly SimulatedMutant[] = [
  {
    id: 'earlier-by-one-clock',
    mistake: 'of two instants, the one that is earlier by the monotonic clock is taken for earlier by both',
    patches: [
      clock(
        'one.monotonicMs <= other.monotonicMs && one.wallMs <= other.wallMs',
        'one.monotonicMs < other.monotonicMs',
      ),
      clock('wallMs: Math.min(one.wallMs, other.wallMs)', 'wallMs: other.wallMs'),
    ],
    rule: 'S1',
  },
  {
    id: 'late-grant-ignored',
    mistake: 'a grant that comes when its time for an answer was over is forgotten',
    patches: [serverClaim('grantedLate(): void {', 'grantedLate(): void {\n    return')],
    rule: 'S7',
  },
  {
    id: 'resumed-after-release',
    mistake: 'a handle that is taken up again begins a lease on a claim that was released meanwhile',
    patches: [resume('if (isGone(renewal) || server.over)', 'if (isGone(renewal))'), wholeDesk('|| server.over', '')],
    rule: 'S1',
  },
  {
    id: 'close-does-not-wait',
    mistake: 'close does not wait for what is under way',
    patches: [close('await outstanding.none()', '')],
    rule: 'S6',
  },
  {
    id: 'wait-from-reply',
    mistake: 'a grant that a wait brought counts from when it was read',
    patches: [
      contender(
        'this.#brought = { grant, sentAt }',
        'this.#brought = { grant: { ...grant, since: this.#hall.clock.now() }, sentAt }',
      ),
    ],
    rule: 'S1',
  },
  {
    id: 'renewal-counts-from-reply',
    mistake: 'a renewal counts from when its answer was read',
    patches: [renewals('hold.renewed(answer, sentAt, now)', 'hold.renewed(answer, now, now)')],
    rule: 'S1',
  },
]

/** Each with the rule that it breaks. */
export function simulatedMutants(): readonly SimulatedMutant[] {
  const all = [...engineMutants, ...backendMutants]
  const borrowed = Object.entries(SIMULATED).map(([id, rule]) => {
    const mutant = all.find((each) => each.id === id)
    if (mutant === undefined) throw new Error(`there is no mutant "${id}" any more`)
    return { ...mutant, rule }
  })
  return [...OWN, ...borrowed]
}

/**
 * Those of them whose mistake is seen in what the processes were answered, and the seed in which it was, when this was written down. The others break what no answer tells: a lease that outlives its hold at the server
 * while nobody else is granted the key, a wait that does not end, what is left behind.
 */
const SEEN_IN_ANSWERS: Readonly<Record<string, number>> = {
  'wait-from-reply': 2,
  'deadline-from-reply': 2,
  'wall-ignored': 10,
  'timer-as-only-validity': 2,
  'holders-reused': 9,
  'constant-token': 1,
  'token-forgotten-on-expiry': 1,
  'token-before-exclusion': 2,
  'renewal-draws-a-token': 1,
  'group-out-of-order': 10,
  'release-ignores-the-holder': 6,
  'release-always-agrees': 1,
  'renewal-acquires': 6,
  'renewal-by-anybody': 1,
  'hand-off-lies': 8,
  'freed-early': 4,
  'second-holder': 9,
  'not-idempotent': 1,
  'refusal-queues': 2,
  'reader-beside-writer': 1,
  'writer-beside-reader': 1,
  'permit-beside-reader': 1,
  'one-release-for-all': 1,
  'one-death-for-all': 1,
  'slot-given-twice': 12,
  'slot-token-back': 1,
  'renewal-counts-from-reply': 23,
  'token-of-the-claim': 30,
  'repeat-promises-too-much': 16,
}

/** Each breaks the rule that its histories can be explained. */
export const mutantsSeenInAnswers = (): readonly SimulatedMutant[] =>
  simulatedMutants()
    .filter(({ id }) => id in SEEN_IN_ANSWERS)
    .map((mutant) => ({ ...mutant, rule: 'history' }))

export const seedsSeenInAnswers: SeedsThatCatch = SEEN_IN_ANSWERS

/** The first of so many seeds in which the mutant breaks its rule; undefined if it survives them all. */
export async function seedThatCatches(mutant: SimulatedMutant, seeds: number): Promise<number | undefined> {
  const engine = await bundledEngine(mutant.patches)
  const { from = 1 } = mutant
  for (let seed = from; seed < from + seeds; seed += 1) {
    const { violations } = await simulate(seed, engine, { searched: mutant.rule === 'history' })
    if (violations.some(({ rule }) => rule === mutant.rule)) return seed
  }
  return undefined
}
