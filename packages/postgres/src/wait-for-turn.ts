import type { Turns } from './turns.ts'

/** Resolves when the key was released, when it is free, or when the signal aborts. */
export function waitForTurn(
  turns: Turns,
  mark: (key: string) => Promise<boolean>,
  key: string,
  signal: AbortSignal,
): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const leave = turns.watch(key, () => end())
    const end = (error?: unknown) => {
      leave()
      signal.removeEventListener('abort', stop)
      if (error === undefined) resolve(undefined)
      else reject(error)
    }
    const stop = () => end()
    signal.addEventListener('abort', stop, { once: true })
    const begin = async () => {
      await turns.listening()
      // Marked after listening has begun: whatever is released from then on is heard.
      if (signal.aborted || !(await mark(key))) end()
    }
    if (signal.aborted) end()
    else begin().catch(end)
  })
}
