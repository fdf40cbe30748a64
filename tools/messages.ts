/** What an error says, and what its causes say. */
export function messagesOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}\n${messagesOf(error.cause)}`
}
