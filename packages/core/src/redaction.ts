/** Holders' ids, credentials in addresses, and the rest of the line after `password=`, `authorization:`, `AUTH` and the like. */
const secrets: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{32,}/gi, '***'],
  [/:\/\/[^\s"'<>]*@/g, '://***@'],
  [/(pass\w*|pwd|secret|token|auth\w*)(["']?\s*[=:]\s*).*/gi, '$1$2***'],
  [/\bAUTH\s.*/g, 'AUTH ***'],
]

/**
 * A copy of a driver's error that is safe to show: drivers put command arguments and connection settings into their errors, as text
 * and as properties. Kept are name, message, code and stack, without secrets. Never throws, whatever was thrown.
 */
export function redact(error: unknown): Error {
  try {
    return redacted(error instanceof Error ? error : new Error(String(error)))
  } catch {
    return new Error('an error that cannot be shown')
  }
}

function redacted(error: Error & { code?: unknown }): Error {
  const { name, stack, code } = error
  const safe = new Error(withoutSecrets(messageOf(error)))
  safe.name = withoutSecrets(name)
  safe.stack = withoutSecrets(stack)
  return code === undefined ? safe : Object.assign(safe, { code: withoutSecrets(code) })
}

/** Node reports a refused connection as an `AggregateError` without a message of its own. */
const messageOf = (error: Error): unknown =>
  error.message === '' && error instanceof AggregateError ? error.errors.join('; ') : error.message

const withoutSecrets = (text: unknown): string =>
  secrets.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), String(text))
