import type { Contended } from '@leasehold/core'
import { agreedBy, largestGroup, majorityOf } from './majority.ts'
import { NoMajority } from './no-majority.ts'
import type { Refusal, Stake, Vote } from './node.ts'
import { answersIn, type Ballots, isWorthWaiting, openIn } from './round.ts'

export type Verdict =
  | { readonly type: 'granted'; readonly stake: Stake }
  /** A majority is ours, under several tokens: one greater than `highest` is to be agreed on. */
  | { readonly type: 'disagreed'; readonly highest: bigint }
  /** Nobody has a majority, and it is ours to ask again while the others give way. */
  | { readonly type: 'insist' }
  /** Nobody has a majority, and it is ours to give way. */
  | { readonly type: 'split' }
  | { readonly type: 'contended'; readonly answer: Contended }
  | { readonly type: 'silent'; readonly error: NoMajority }

/** What the votes so far say, if they do. `rank` is our own. */
export function verdictOn(ballots: Ballots<Vote | Refusal>, late: boolean, rank: string): Verdict | undefined {
  const majority = majorityOf(ballots.length)
  const answers = answersIn(ballots)
  const ours = answers.filter((answer): answer is Vote => answer.granted)
  const votes = ours.filter((vote) => vote.counts)
  const stake = agreedBy(votes, ballots.length)
  if (stake !== undefined) return { type: 'granted', stake }
  if (votes.length >= majority) {
    // The token of a grant that stands is not to be raised because some of its nodes are slower to answer.
    const mayAgree = votes.some(({ kept }) => kept) && largestGroup(votes).length + openIn(ballots) >= majority
    if (mayAgree && isWorthWaiting(ballots, late)) return undefined
    return { type: 'disagreed', highest: highestOf(ours) }
  }
  const mayBeOurs = votes.length + openIn(ballots) >= majority
  const refusals = answers.filter((answer): answer is Refusal => !answer.granted)
  const isTold = votes.length + refusals.length >= majority
  if ((mayBeOurs || !isTold) && isWorthWaiting(ballots, late)) return undefined
  if (!isTold) return { type: 'silent', error: new NoMajority(uncounted(ballots)) }
  return againstOthers(votes.length, refusals, ballots.length, rank)
}

const highestOf = (stakes: readonly Stake[]): bigint =>
  stakes.map(({ token }) => token).toSorted((one, other) => (one < other ? 1 : -1))[0] ?? 0n

function againstOthers(votes: number, refusals: readonly Refusal[], nodes: number, rank: string): Verdict {
  const majority = majorityOf(nodes)
  const strongest = Math.max(...refusals.map((one) => refusals.filter((other) => other.rank === one.rank).length))
  const first = refusals.every((refusal) => rank < refusal.rank)
  if (votes > 0 && first && strongest < majority) return { type: 'insist' }
  const silent = nodes - votes - refusals.length
  if (strongest + silent < majority) return { type: 'split' }
  // So many more nodes have to come free.
  const expiries = refusals.map(({ remainingMs }) => remainingMs).toSorted((one, other) => one - other)
  const remainingMs = expiries[majority - votes - 1]
  return { type: 'contended', answer: remainingMs === undefined ? { granted: false } : { granted: false, remainingMs } }
}

const forgetful = { error: new Error('it has restarted, and does not count until the longest TTL is over') }

/** A vote that does not count is none. */
const uncounted = (ballots: Ballots<Vote | Refusal>): Ballots<Vote | Refusal> =>
  ballots.map((ballot) =>
    ballot !== undefined && 'answer' in ballot && isForgetful(ballot.answer) ? forgetful : ballot,
  )

const isForgetful = (answer: Vote | Refusal): boolean => answer.granted && !answer.counts
