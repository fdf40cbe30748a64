/** Repeats `work`, never two at a time, until the returned function is called; that waits for the last one. Says once that it fails, until it works again. */
export function repeat(work: () => Promise<void>, pauseMs: number): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let isFailing = false
  let running = Promise.resolve()

  const once = async (): Promise<void> => {
    await work().then(
      () => {
        isFailing = false
      },
      (error: unknown) => {
        if (!isFailing) console.error(`Failed, and will be tried again and again: ${String(error)}`)
        isFailing = true
      },
    )
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
