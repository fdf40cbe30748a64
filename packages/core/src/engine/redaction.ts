/** Holders' ids, credentials in addresses, and the rest of the line after `password=`, `authorization:`, `AUTH` and the like. */
const secrets: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{32,}/gi, '***'],
  [/:\/\/[^\s"'<>]*@/g, '://***@'],
  [/(pass(w\w*|phrase)?|pwd|secret|token|auth(orization)?)(["']?\s*[=:]\s*).*/gi, '$1$4***'],
  [/\bAUTH\s.*/g, 'AUTH ***'],
]

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
  const safe = new Error(withoutSecrets(error.message || (error.errors ?? []).join('; ')))
  safe.name = withoutSecrets(name)
  safe.stack = withoutSecrets(stack)
  return code === undefined ? safe : Object.assign(safe, { code: withoutSecrets(code) })
}

const withoutSecrets = (text: unknown): string =>
  secrets
    .reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), String(text).slice(0, 2 * SHOWN))
    .slice(0, SHOWN)
