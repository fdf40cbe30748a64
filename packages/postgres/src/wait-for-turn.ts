import type { Candidate, Grant } from '@leasehold/core'
import { type Line, Waiting } from './line.ts'
import type { Listening } from './listening.ts'

/** Resolves with the grant, when it may be this claim's turn, or when the signal aborts. */
export function waitForTurn(
  listening: Listening,
  line: Line,
  candidate: Candidate,
  signal: AbortSignal,
): Promise<Grant | undefined> {
  return new Promise((resolve, reject) => {
    let over = false
    let entering: Promise<void> = Promise.resolve()
    const end = (settle: () => void) => {
      over = true
      line.leave(waiting)
      signal.removeEventListener('abort', stop)
      settle()
    }
    const waiting = new Waiting(candidate, (grant) => {
      // The server is to have answered: behind the release of what comes of this, the claim would stand in line for nobody.
      end(() => void entering.finally(() => resolve(grant)).catch(() => {}))
    })
    const stop = () => end(() => resolve(undefined))
    signal.addEventListener('abort', stop, { once: true })
    const enter = async (): Promise<void> => {
      const isLetIn = await line.enter(waiting)
      if (isLetIn) waiting.wake()
      else if (signal.aborted) line.withdraw(waiting)
    }
    const begin = async () => {
      if (!listening.isOpen) {
        // Its place is not to depend on how long it takes to connect.
        entering = enter()
        await Promise.all([entering, listening.opened()])
      } else listening.mind()
      if (over) return
      // Asked after listening has begun: from then on, it is heard who is called.
      entering = enter()
      await entering
    }
    if (signal.aborted) stop()
    else begin().catch((error: unknown) => end(() => reject(error)))
  })
}
