/** Tells of every rejection that nobody handles, until the result is called. */
export function rejectionsOf(tell: (reason: unknown) => void): () => void {
  process.on('unhandledRejection', tell)
  return () => void process.off('unhandledRejection', tell)
}
