import type { Candidate, Claim, RenewedClaim } from '@leasehold/core'

/** What a client asks of the server: one JSON text a line. */
export type Question =
  | { readonly op: 'tryAcquire'; readonly candidate: Candidate }
  | { readonly op: 'renew'; readonly renewals: readonly RenewedClaim[] }
  | { readonly op: 'release'; readonly claims: readonly Claim[] }
  /** Answered when the claim's turn has come, or when another `release` or the end of the connection took it out of the line. */
  | { readonly op: 'wait'; readonly candidate: Candidate }
  | { readonly op: 'leave'; readonly waitId: number }
  | { readonly op: 'inspect'; readonly key: string }

export type Asked = Question & { readonly id: number }

export interface Answered {
  readonly id: number
  readonly answer: unknown
}

/** JSON has neither bigint nor undefined members of its own; a token travels as a tagged string. */
export const encode = (message: Asked | Answered): string =>
  `${JSON.stringify(message, (_, value: unknown) => (typeof value === 'bigint' ? { bigint: String(value) } : value))}\n`

export const decode = (line: string): unknown =>
  JSON.parse(line, (_, value: unknown) => (isTagged(value) ? BigInt(value.bigint) : value))

const isTagged = (value: unknown): value is { bigint: string } =>
  typeof value === 'object' && value !== null && 'bigint' in value && typeof value.bigint === 'string'
