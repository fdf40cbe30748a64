import type { Claim } from '@leasehold/core'
import type { Line, Waiting } from './line.ts'
import type { Turns } from './turns.ts'

/** Resolves when the key was released, when it may be this claim's turn, or when the signal aborts. */
export function waitForTurn(turns: Turns, line: Line, claim: Claim, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const leave = turns.watch(claim.key, () => end())
    const waiting: Waiting = { claim, wake: () => end(), nextBeatMs: 0 }
    const end = (error?: unknown) => {
      leave()
      line.leave(waiting)
      signal.removeEventListener('abort', stop)
      if (error === undefined) resolve(undefined)
      else reject(error)
    }
    const stop = () => end()
    signal.addEventListener('abort', stop, { once: true })
    /** Whether it has to wait. */
    const enter = async (): Promise<boolean> => {
      const place = await line.enter(waiting)
      if (place === undefined) end()
      else if (place > 0 && signal.aborted) line.withdraw(claim)
      return place !== undefined && !signal.aborted
    }
    const begin = async () => {
      if (!turns.isListening) {
        // Its place is not to depend on how long it takes to connect.
        const [waits] = await Promise.all([enter(), turns.listening()])
        if (!waits) return
      }
      // Asked after listening has begun: whatever is released from then on is heard.
      await enter()
    }
    if (signal.aborted) end()
    else begin().catch(end)
  })
}
