import type { Claim } from '@leasehold/core'
import { type Line, Waiting } from './line.ts'
import type { Listening } from './listening.ts'

/** Resolves when it may be this claim's turn, or when the signal aborts. */
export function waitForTurn(listening: Listening, line: Line, claim: Claim, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const waiting = new Waiting(claim, () => end())
    let over = false
    const end = (error?: unknown) => {
      over = true
      line.leave(waiting)
      signal.removeEventListener('abort', stop)
      if (error === undefined) resolve(undefined)
      else reject(error)
    }
    const stop = () => end()
    signal.addEventListener('abort', stop, { once: true })
    const enter = async (): Promise<void> => {
      const isLetIn = await line.enter(waiting)
      if (isLetIn) end()
      else if (signal.aborted) line.withdraw(claim)
    }
    const begin = async () => {
      if (listening.isOpen) listening.mind()
      // Its place is not to depend on how long it takes to connect.
      else await Promise.all([enter(), listening.opened()])
      // Asked after listening has begun: from then on, it is heard who is called.
      if (!over) await enter()
    }
    if (signal.aborted) end()
    else begin().catch(end)
  })
}
