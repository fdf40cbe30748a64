import { EtcdError, type EtcdErrorCode } from './errors.ts'

/** Told by their text: `etcd3` loses the codes of errors that it gives a type, and etcd gives one code to many. */
const CODES: readonly (readonly [RegExp, EtcdErrorCode])[] = [
  [/requested lease not found|is expired or revoked/, 'LEASE_GONE'],
  [/no leader/, 'NO_LEADER'],
  [/deadline exceeded|request timed out/i, 'DEADLINE_EXCEEDED'],
  // A token that ran out, or that a restarted server forgot: the next request fetches a new one.
  [/invalid auth token/, 'UNAVAILABLE'],
  [
    /authentication failed|user name (is empty|not found)|authentication is not enabled|UNAUTHENTICATED/,
    'UNAUTHENTICATED',
  ],
  [/permission denied/i, 'PERMISSION_DENIED'],
  [/too many operations in txn request|request is too large|RESOURCE_EXHAUSTED.*larger than max/, 'INVALID'],
]

/** The driver's error in the backend's words. What is not known is an outcome that is unknown. */
export function toEtcdError(error: unknown): EtcdError {
  if (error instanceof EtcdError) return error
  const text = String(error)
  const code = CODES.find(([pattern]) => pattern.test(text))?.[1] ?? 'UNAVAILABLE'
  return new EtcdError(code, error instanceof Error ? error.message : text, error)
}
