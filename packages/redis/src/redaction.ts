/** The driver hangs the command with all its arguments on its errors: holders, metadata, values. What remains is what the server said. */
export function withoutArguments(error: unknown): Error {
  const { name, message, stack, code } = error as Error & { readonly code?: unknown }
  const safe = new Error(message)
  safe.name = name
  if (stack !== undefined) safe.stack = stack
  return code === undefined ? safe : Object.assign(safe, { code })
}
