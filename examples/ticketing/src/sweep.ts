/** Repeats `work`, never two at a time, until the returned function is called; that waits for the last one. */
export function repeat(work: () => Promise<void>, pauseMs: number): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let running = Promise.resolve()

  const once = async (): Promise<void> => {
    await work().catch((error: unknown) => console.error(`The sweep failed and will be repeated: ${String(error)}`))
    if (!stopped) schedule()
  }
  const schedule = (): void => {
    timer = setTimeout(() => {
      running = once()
    }, pauseMs)
  }

  schedule()
  return () => {
    stopped = true
    clearTimeout(timer)
    return running
  }
}
