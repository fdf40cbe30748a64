import { classifyRedisError } from '../refusals.ts'
import { majorityOf } from './majority.ts'
import { type Ballots, errorsIn, openIn } from './round.ts'

/** So many nodes gave no answer that the others cannot tell. */
export class NoMajority extends Error {
  /** So many nodes refuse to talk to us that asking again is of no use. */
  readonly refused: boolean

  constructor(ballots: Ballots<unknown>) {
    const errors = errorsIn(ballots)
    const messages = new Set(errors.map((error) => (error instanceof Error ? error.message : String(error))))
    const missing = errors.length + openIn(ballots)
    super(`no majority: ${missing} of ${ballots.length} nodes gave no answer (${[...messages].join('; ')})`)
    this.name = 'NoMajority'
    const refusals = errors.filter((error) => classifyRedisError(error) === 'refused').length
    this.refused = ballots.length - refusals < majorityOf(ballots.length)
  }
}
