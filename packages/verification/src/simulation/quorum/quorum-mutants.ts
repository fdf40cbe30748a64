import { inFile, type Mutant } from '../../mutants/mutant.ts'
import type { Rule } from '../violation.ts'
import { bundledQuorum } from './quorum-engine.ts'
import { simulateQuorum } from './simulate-quorum.ts'

interface QuorumMutant extends Pick<Mutant, 'id' | 'mistake' | 'patches'> {
  readonly rule: Rule
  /** The seed to begin with, where what shows the mistake is rare. Default 1. */
  readonly from?: number
}

const quorum = (file: string) => inFile(`../../redis/src/quorum/${file}`)
const majority = quorum('majority.ts')
const clocks = quorum('node-clocks.ts')
const election = quorum('quorum.ts')
const readings = quorum('readings.ts')
const verdict = quorum('verdict.ts')

/** Mistakes in deciding by a majority, each with the rule that it breaks. */
export const quorumMutants: readonly QuorumMutant[] = [
  {
    id: 'plain-maximum',
    mistake: 'each node counts by itself, and the greatest of the counters is the token',
    patches: [
      clocks('proposal(last = -1n): bigint {', 'proposal(last = -1n): bigint {\n    return 0n'),
      majority(
        'const group = largestGroup(stakes)',
        'const token = stakes.reduce((most, stake) => (stake.token > most ? stake.token : most), 0n)\n  const group = stakes.map((stake) => ({ ...stake, token }))',
      ),
    ],
    rule: 'S4',
  },
  {
    id: 'token-not-raised',
    mistake: 'of several tokens that a majority answers with, the greatest is taken, and nobody is told',
    patches: [
      verdict(
        "return { type: 'disagreed', highest: highestOf(ours) }",
        "return { type: 'granted', stake: { token: highestOf(ours), ttlMs: Math.min(...votes.map((vote) => vote.ttlMs)) } }",
      ),
    ],
    rule: 'S4',
  },
  {
    id: 'half-is-enough',
    mistake: 'half of the nodes are taken for a majority',
    patches: [majority('Math.floor(nodes / 2) + 1', 'Math.ceil(nodes / 2)')],
    rule: 'S1',
  },
  {
    id: 'late-replies-count',
    mistake: 'a grant counts from when the last reply was read, however late it came',
    patches: [
      election('return grantOf(verdict.stake)', 'return { ...grantOf(verdict.stake), since: this.#clock.now() }'),
    ],
    rule: 'S1',
  },
  {
    id: 'restarted-counts',
    mistake: 'a node that has forgotten everything counts at once',
    patches: [verdict('ours.filter((vote) => vote.counts)', 'ours')],
    rule: 'S1',
  },
  {
    id: 'silence-is-loss',
    mistake: 'a node that does not answer to a renewal is taken for one that does not keep the claim',
    patches: [readings('keeping + nodes - answered >= majorityOf(nodes)', 'keeping >= majorityOf(nodes)')],
    rule: 'S5',
  },
  {
    id: 'withdraws-from-granted-only',
    mistake: 'an attempt that failed is withdrawn from the nodes that granted it, and from no silent one',
    patches: [election('if (answer?.granted === false) continue', 'if (answer?.granted !== true) continue')],
    rule: 'S7',
  },
  {
    id: 'losers-keep-their-votes',
    mistake: 'who has lost a vote keeps the nodes that were won',
    patches: [election('await this.#withdraw(claim, attempt, ballots)', '')],
    rule: 'S7',
  },
  {
    id: 'late-withdrawal-counts',
    mistake: 'a withdrawal that comes late ends what a later attempt has got',
    patches: [election('?.withdraw(claim, attempt)', '?.withdraw(claim, LAST_ATTEMPT)')],
    rule: 'S5',
    from: 750,
  },
  {
    id: 'restored-after-release',
    mistake: 'a node is given back a claim that was let go meanwhile',
    patches: [election('lost.filter(({ claim }) => !letGo.has(claim.holder))', 'lost')],
    rule: 'S7',
  },
]

/** The first of so many seeds in which the mutant breaks its rule; undefined if it survives them all. */
export async function quorumSeedThatCatches(
  { patches, rule, from = 1 }: QuorumMutant,
  seeds: number,
): Promise<number | undefined> {
  const engine = await bundledQuorum(patches)
  for (let seed = from; seed < from + seeds; seed += 1) {
    const { violations } = await simulateQuorum(seed, engine)
    if (violations.some((violation) => violation.rule === rule)) return seed
  }
  return undefined
}
