import type { Inspection, Renewal } from '@leasehold/core'
import { agreedBy, groupsOf, largestGroup, majorityOf } from './majority.ts'
import { NoMajority } from './no-majority.ts'
import type { Stake } from './node.ts'
import { answersIn, type Ballots, isWorthWaiting } from './round.ts'

/**
 * One renewal for each of `length` claims, as soon as all are clear. `'gone'` only where no majority can keep the claim, whatever the silent nodes would say.
 */
export function renewalsIn(
  ballots: Ballots<readonly (Stake | undefined)[]>,
  late: boolean,
  length: number,
): readonly Renewal[] | undefined {
  const answers = answersIn(ballots)
  const waiting = isWorthWaiting(ballots, late)
  const renewals: Renewal[] = []
  for (let index = 0; index < length; index += 1) {
    const stakes = answers.flatMap((stakesOfNode) => stakesOfNode[index] ?? [])
    const renewal = renewalIn(stakes, ballots.length, answers.length)
    if (renewal === 'unknown' && waiting) return undefined
    renewals.push(renewal)
  }
  if (answers.length < majorityOf(ballots.length) && renewals.every((renewal) => renewal === 'unknown'))
    throw new NoMajority(ballots)
  return renewals
}

function renewalIn(stakes: readonly Stake[], nodes: number, answered: number): Renewal {
  const stake = agreedBy(stakes, nodes)
  if (stake !== undefined) return { granted: true, fencingToken: stake.token, ttlMs: stake.ttlMs }
  return mayBeKept(largestGroup(stakes).length, nodes, answered) ? 'unknown' : 'gone'
}

const mayBeKept = (keeping: number, nodes: number, answered: number): boolean =>
  keeping + nodes - answered >= majorityOf(nodes)

/** For each of `length` claims, whether a majority kept it and has let it go, as soon as all are clear. */
export function releasesIn(
  ballots: Ballots<readonly boolean[]>,
  late: boolean,
  length: number,
): readonly boolean[] | undefined {
  const answers = answersIn(ballots)
  const releases: boolean[] = []
  for (let index = 0; index < length; index += 1) {
    const released = answers.filter((ended) => ended[index]).length
    const isEnded = released >= majorityOf(ballots.length)
    if (isEnded || !mayBeKept(released, ballots.length, answers.length)) releases.push(isEnded)
    else if (isWorthWaiting(ballots, late)) return undefined
    else throw new NoMajority(ballots)
  }
  return releases
}

/**
 * What a majority keeps: the whole key for one, or shares. As long as there may be more, nodes that are silent are waited for; a share that is nowhere near a majority without them is mostly
 * one that comes or goes, and left out beside others.
 */
export function inspectionsIn(
  ballots: Ballots<readonly Inspection[]>,
  late: boolean,
): readonly Inspection[] | undefined {
  const [nodes, answers] = [ballots.length, answersIn(ballots)]
  const shown = answers.flat().map((each) => ({ ...each, token: each.fencingToken, ttlMs: each.remainingMs }))
  const held: Inspection[] = []
  let mayBeMore = mayBeKept(0, nodes, answers.length)
  for (const group of groupsOf(shown)) {
    const agreed = agreedBy(group, nodes)
    if (agreed === undefined) mayBeMore ||= mayBeKept(group.length, nodes, answers.length)
    else held.push(inspectionOf(group, agreed))
  }
  if (mayBeMore && isWorthWaiting(ballots, late)) return undefined
  if (mayBeMore && held.length === 0) throw new NoMajority(ballots)
  return held
}

function inspectionOf(shown: readonly Inspection[], { token, ttlMs }: Stake): Inspection {
  // A node where the hold was restored does not know the metadata.
  const { metadata } = shown.find((each) => each.metadata !== undefined) ?? {}
  const held = { fencingToken: token, remainingMs: ttlMs, metadata }
  const share = shown[0]?.share
  return share ? { ...held, share } : held
}
