/** Credentials in addresses, the rest of the line after `password=`, `authorization:` and the like, and holders' ids. Kept is what stands before them. */
const secrets =
  /(:\/\/)[^\s"'<>]*(?=@)|((?:pass(?:w\w*|phrase)?|pwd|secret|token|auth(?:orization)?)["']?\s*[=:]\s*).*|[0-9a-f]{32,}/gi

/** Of Redis; in small letters it is a word of prose. */
const command = /\bAUTH\s.*/g

/** What a server echoes may be long, and the patterns take time. More is looked at than is shown: the cut must not go through a secret. */
const SHOWN = 4096

/**
 * A copy of a driver's error that is safe to show: drivers put command arguments and connection settings into their errors, as text
 * and as properties. Kept are name, message, code and stack, without secrets. Never throws, whatever was thrown.
 */
export function redact(error: unknown): Error {
  try {
    // By what it has: test runners give a program errors of Node that are no instances of its own `Error`.
    return redacted((error as Error | undefined)?.stack ? (error as Error) : new Error(String(error)))
  } catch {
    return new Error('an unprintable error')
  }
}

function redacted(error: Error & { code?: unknown; errors?: readonly unknown[] }): Error {
  const { name, stack, code } = error
  // Node reports a refused connection as an `AggregateError` without a message of its own.
  const safe: Error & { code?: string } = new Error(withoutSecrets(error.message || (error.errors ?? []).join('; ')))
  safe.name = withoutSecrets(name)
  safe.stack = withoutSecrets(stack)
  if (code !== undefined) safe.code = withoutSecrets(code)
  return safe
}

const withoutSecrets = (text: unknown): string =>
  String(text)
    .slice(0, 2 * SHOWN)
    .replace(secrets, '$1$2***')
    .replace(command, 'AUTH ***')
    .slice(0, SHOWN)
