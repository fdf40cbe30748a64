/** What an abort ends. */
export interface Aborting {
  /** Resolves when the signal aborts. */
  readonly aborted: Promise<void>
  /** Nobody asks any more. */
  forget(): void
}

export function abortingOf(signal: AbortSignal): Aborting {
  let forget = () => {}
  const aborted = new Promise<void>((resolve) => {
    const listener = () => resolve()
    if (signal.aborted) listener()
    else signal.addEventListener('abort', listener, { once: true })
    forget = () => signal.removeEventListener('abort', listener)
  })
  return { aborted, forget }
}
