import { backendMutants } from '../mutants/backend-mutants.ts'
import { engineMutants } from '../mutants/engine-mutants.ts'
import type { Mutant } from '../mutants/mutant.ts'
import { bundledEngine } from './bundled-engine.ts'
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
  'release-aborted': 'L1',
  'release-keeps-lease': 'L1',
  'refused-group-kept': 'L1',
  'close-leaves-timers': 'L6',
  'handed-off-closed': 'S1',
  'outlived-work-succeeds': 'S8',
  'holders-reused': 'S1',
  'constant-token': 'S4',
  'token-forgotten-on-expiry': 'S4',
  'token-before-exclusion': 'S4',
  'token-of-the-claim': 'S4',
  'renewal-draws-a-token': 'S4',
  'release-ignores-the-holder': 'S5',
  'release-always-agrees': 'S5',
  'renewal-acquires': 'S5',
  'renewal-revives': 'S5',
  'renewal-by-anybody': 'S5',
  'freed-early': 'S1',
  'second-holder': 'S1',
  'repeat-promises-too-much': 'S1',
  'turn-for-two': 'S1',
  'not-idempotent': 'L1',
  'waiter-leaked': 'L1',
}

export function simulatedMutants(): readonly { readonly mutant: Mutant; readonly rule: Rule }[] {
  const all = [...engineMutants, ...backendMutants]
  return Object.entries(SIMULATED).map(([id, rule]) => {
    const mutant = all.find((each) => each.id === id)
    if (mutant === undefined) throw new Error(`there is no mutant "${id}" any more`)
    return { mutant, rule }
  })
}

/** The first seed from 1 to `seeds` in which the mutant breaks the rule; undefined if it survives them all. */
export async function seedThatCatches({ patches }: Mutant, rule: Rule, seeds: number): Promise<number | undefined> {
  const engine = await bundledEngine(patches)
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { violations } = await simulate(seed, engine)
    if (violations.some((violation) => violation.rule === rule)) return seed
  }
  return undefined
}
