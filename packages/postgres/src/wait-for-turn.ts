import type { Claim } from '@leasehold/core'
import { type Line, Waiting } from './line.ts'
import type { Turns } from './turns.ts'

/** Resolves when the key was released, when it may be this claim's turn, or when the signal aborts. */
export function waitForTurn(turns: Turns, line: Line, claim: Claim, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const leave = turns.watch(claim.key, () => end())
    const waiting = new Waiting(claim, () => end())
    let over = false
    const end = (error?: unknown) => {
      over = true
      leave()
      line.leave(waiting)
      signal.removeEventListener('abort', stop)
      if (error === undefined) resolve(undefined)
      else reject(error)
    }
    const stop = () => end()
    signal.addEventListener('abort', stop, { once: true })
    const enter = async (): Promise<void> => {
      const { isLetIn, hasPlace } = await line.enter(waiting)
      if (hasPlace && signal.aborted) line.withdraw(claim)
      if (isLetIn) end()
    }
    const begin = async () => {
      if (!turns.isListening) {
        // Its place is not to depend on how long it takes to connect.
        await Promise.all([enter(), turns.listening()])
      }
      // Asked after listening has begun: whatever is released from then on is heard. Who was called meanwhile has the key, and is to mark it for nobody.
      if (!over) await enter()
    }
    if (signal.aborted) end()
    else begin().catch(end)
  })
}
