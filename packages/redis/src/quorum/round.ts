import type { Clock } from '@leasehold/core'
import { majorityOf } from './majority.ts'

export type Ballot<Answer> = { readonly answer: Answer } | { readonly error: unknown }

/** Of every node, in their order; undefined while a node has neither answered nor failed. */
export type Ballots<Answer> = readonly (Ballot<Answer> | undefined)[]

export const answersIn = <Answer>(ballots: Ballots<Answer>): Answer[] =>
  ballots.flatMap((ballot) => (ballot !== undefined && 'answer' in ballot ? [ballot.answer] : []))

export const errorsIn = (ballots: Ballots<unknown>): unknown[] =>
  ballots.flatMap((ballot) => (ballot !== undefined && 'error' in ballot ? [ballot.error] : []))

export const openIn = (ballots: Ballots<unknown>): number => ballots.filter((ballot) => ballot === undefined).length

/**
 * Resolves as soon as `decide` can tell: nobody waits for a node whose answer changes nothing. When the time is over, it is `late`: the others decide without the nodes that are
 * still silent, if they are a majority. If not, nothing can be told before more of them answer, or their connections are given up. Where it takes a majority longer than the time, the way to all of
 * them is slow: the rest has half as long again.
 */
export function decided<Answer, Outcome>(
  asked: readonly Promise<Answer>[],
  timeoutMs: number,
  clock: Clock,
  decide: (ballots: Ballots<Answer>, late: boolean) => Outcome | undefined,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const ballots: (Ballot<Answer> | undefined)[] = asked.map(() => undefined)
    const startMs = clock.now().monotonicMs
    let late = false
    let over = false
    const end = (settle: () => void) => {
      over = true
      cancel()
      settle()
    }
    const look = () => {
      if (over) return
      try {
        const outcome = decide(ballots, late)
        if (outcome !== undefined) end(() => resolve(outcome))
      } catch (error) {
        end(() => reject(error as Error))
      }
    }
    const lateIn = (ms: number) =>
      clock.setTimer(ms, () => {
        late = true
        look()
      })
    let cancel = lateIn(timeoutMs)
    const cast = (index: number, ballot: Ballot<Answer>) => {
      ballots[index] = ballot
      if (late && !over && 'answer' in ballot && answersIn(ballots).length === majorityOf(ballots.length)) {
        late = false
        cancel = lateIn((clock.now().monotonicMs - startMs) / 2)
      }
      look()
    }
    for (const [index, promise] of asked.entries()) {
      promise.then(
        (answer) => cast(index, { answer }),
        (error: unknown) => cast(index, { error }),
      )
    }
    look()
  })
}

/** Whether to wait for the nodes that are silent. */
export const isWorthWaiting = (ballots: Ballots<unknown>, late: boolean): boolean =>
  openIn(ballots) > 0 && (!late || answersIn(ballots).length < majorityOf(ballots.length))
