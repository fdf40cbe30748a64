import { EtcdError, type EtcdErrorCode } from './errors.ts'

/** A token that has run out, that a restarted server forgot, or that was made before users or roles were changed. */
const OLD_LOG_IN = /invalid auth token|revision of auth store is old|revision in header is old/

/** Told by their text: etcd gives one code to many, and `etcd3` loses the codes of errors that it gives a type. */
const CODES: readonly (readonly [RegExp, EtcdErrorCode])[] = [
  [/requested lease not found|is expired or revoked/, 'LEASE_GONE'],
  // What Raft has dropped went no further: its member had just lost its leader, or leads and is about to pass that on.
  [/no leader|raft proposal dropped/, 'NO_LEADER'],
  // Words of gRPC's client for JavaScript, which `etcd3` uses.
  [/No connection established|Name resolution failed/, 'NOT_SENT'],
  [/not supported for learner/, 'LEARNER'],
  [/deadline exceeded|request timed out/i, 'DEADLINE_EXCEEDED'],
  [/database space exceeded|too many requests|corrupt cluster/, 'NOT_NOW'],
  [OLD_LOG_IN, 'NOT_NOW'],
  [
    /authentication failed|user name (is empty|not found)|authentication is not enabled|UNAUTHENTICATED/,
    'UNAUTHENTICATED',
  ],
  [/permission.denied/i, 'PERMISSION_DENIED'],
  [/too many operations in txn request/, 'TOO_MANY_OPERATIONS'],
  // By its server alone: where it is an answer that is too large, of a server or for a client, what was asked for has happened.
  [/request is too large|grpc: received message.*larger than max/, 'INVALID'],
]

/** What a client says of etcd's answer, in the backend's words. What is not known is an outcome that is unknown. */
export function toEtcdError(error: unknown): EtcdError {
  if (error instanceof EtcdError) return error
  const text = String(error)
  const code = CODES.find(([pattern]) => pattern.test(text))?.[1] ?? 'UNAVAILABLE'
  return new EtcdError(code, error instanceof Error ? error.message : text, error)
}

/** With a new log-in it may be answered. It had no effect. */
export const isOldLogIn = (error: unknown): boolean => OLD_LOG_IN.test(String(error))
