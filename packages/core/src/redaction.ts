/**
 * A copy of a driver's error that is safe to show: drivers put command arguments and connection settings into their errors, as text
 * and as properties. Kept are name, message, code and stack, without the secrets and without credentials in URLs.
 */
export function redact(error: unknown, secrets: readonly string[]): Error {
  const source = error instanceof Error ? error : new Error(String(error))
  const safe = new Error(redactText(messageOf(source), secrets))
  safe.name = source.name
  if (source.stack !== undefined) safe.stack = redactText(source.stack, secrets)
  const { code } = source as { code?: unknown }
  if (typeof code === 'string' || typeof code === 'number')
    Object.defineProperty(safe, 'code', { value: code, enumerable: true })
  return safe
}

/** Node reports a refused connection as an `AggregateError` without a message of its own. */
function messageOf(error: Error): string {
  if (error.message !== '' || !(error instanceof AggregateError)) return error.message
  return error.errors.map((each) => (each instanceof Error ? each.message : String(each))).join('; ')
}

function redactText(text: string, secrets: readonly string[]): string {
  const withoutSecrets = secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
  return withoutSecrets
    .replace(/:\/\/[^\s/@]*@/g, '://***@')
    .replace(/(password|passwd|pwd|secret)(["']?\s*[=:]\s*)\S+/gi, '$1$2***')
}
