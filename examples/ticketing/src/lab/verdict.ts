import type { StrategyName } from '../strategies/index.ts'
import type { NodeName, Tone } from './fact.ts'
import type { Choice } from './story.ts'

/** What was seen of a run when everything was over. */
export interface Outcome {
  readonly strategy: StrategyName
  /** What befell the server at the brink. */
  readonly choice: Choice
  readonly brink: NodeName
  /** In the order of the tickets. */
  readonly soldBy: readonly NodeName[]
  /** Why the write of the server at the brink was refused, if it was. */
  readonly refused: string | undefined
  readonly refunded: readonly NodeName[]
}

export interface Verdict {
  readonly tone: Tone
  readonly title: string
  readonly text: string
}

/** The outcome in words. Everything said here was observed in the run. */
export function verdictOn(outcome: Outcome): Verdict {
  const times = outcome.soldBy.length
  const text = [whatHappened(outcome), whoHasIt(outcome), lesson(outcome), refunds(outcome)].join(' ').trim()
  if (times > 1) return { tone: 'bad', title: times === 2 ? 'Sold twice' : `Sold ${times} times`, text }
  if (times === 0) return { tone: 'warn', title: 'Not sold', text }
  const refused = outcome.refused === 'stale'
  return { tone: 'good', title: refused ? 'Late write refused, sold once' : 'Sold once', text }
}

function whatHappened({ choice, brink, strategy }: Outcome): string {
  switch (choice) {
    case 'write':
      return 'Three servers wanted the seat at once, and nothing went wrong with any of them.'
    case 'freeze':
      return `${brink} was stopped right before its write, for longer than a lease lasts, and did not know.`
    case 'kill':
      return `${brink} was killed right before its write.`
    case 'cut-off':
      return `${brink} lost its line to the lock server right before its write; the database it could still reach.`
    case 'clock':
      return usesLeases(strategy)
        ? `The clock of ${brink} was set forward, so that it trusted its lease no more; the server went on keeping the seat for it.`
        : `The clock of ${brink} was set forward, which this strategy never looks at.`
  }
}

function whoHasIt({ soldBy, refused, brink }: Outcome): string {
  const [first, ...others] = soldBy
  if (first === undefined) return 'Nobody bought the seat.'
  if (others.length > 0) return `${first} sold the seat, and ${others.join(' and ')} sold it again.`
  if (refused === 'stale') return `${first} sold it meanwhile. ${brink} came late, and the row refused its older token.`
  return first === brink ? `${first} sold it, and nobody else did.` : `${first} sold it in its place.`
}

function lesson(outcome: Outcome): string {
  const { strategy, choice, soldBy, brink } = outcome
  if (strategy === 'no-lock') return soldBy.length > 1 ? 'All had looked before any had written.' : 'That was luck.'
  if (strategy === 'row-lock') {
    return choice === 'kill'
      ? 'The database ended the transaction of the dead, and with it its lock.'
      : 'Whoever else wanted to sell had to wait for its transaction to end, and then saw that the seat was sold.'
  }
  if (soldBy.length > 1)
    return 'Each had a lease, one after the other; but nothing looks at a lease when a write arrives.'
  if (choice === 'kill') return 'The seat came back when the lease was over.'
  return soldBy[0] === brink ? 'The lease kept the others out.' : 'To a fence it does not matter why a write is late.'
}

const refunds = ({ refunded }: Outcome): string =>
  refunded.length === 0 ? '' : `Refunded: the customer of ${refunded.join(' and of ')}, who had paid.`

const usesLeases = (strategy: StrategyName): boolean => strategy === 'lease' || strategy === 'fenced-lease'
