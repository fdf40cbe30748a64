import type { Share } from '@leasehold/core'
import type { HoldTold, LockOperation } from '@leasehold/core/conformance'

/** Histories by hand: each operation in a line, with whole numbers for times and tokens. A process is named as its claims are, up to a dot. */

const KEY = 'seat:A1'

type Span = readonly [called: number, returned?: number]

const claim = (holder: string, [called, returned]: Span) => ({
  process: holder.split('.')[0] ?? holder,
  key: KEY,
  holder,
  called: BigInt(called),
  returned: returned === undefined ? undefined : BigInt(returned),
})

interface More {
  readonly until?: number
  readonly ttl?: number
  readonly share?: Share
  readonly slots?: readonly number[]
  readonly reserved?: number
  readonly waits?: boolean
}

const lasting = ({ until, ttl }: More) => ({
  ...(until !== undefined && { validUntil: BigInt(until) }),
  ...(ttl !== undefined && { ttl: BigInt(ttl) }),
})

const toldOf = (token: number, { slots, reserved }: More): HoldTold => ({
  fencingToken: BigInt(token),
  ...(slots && { slots }),
  ...(reserved !== undefined && { reserved }),
})

const attempt = (holder: string, span: Span, more: More) => ({
  ...claim(holder, span),
  type: 'acquire' as const,
  ...lasting(more),
  ...(more.share && { share: more.share }),
  ...(more.waits && { waits: true }),
})

export const granted = (holder: string, span: Span, token: number, more: More = {}): LockOperation => ({
  ...attempt(holder, span, more),
  answer: toldOf(token, more),
})

export const contended = (holder: string, span: Span, more: More = {}): LockOperation => ({
  ...attempt(holder, span, more),
  answer: 'contended',
})

/** An attempt without an answer. */
export const asked = (holder: string, span: Span, more: More = {}): LockOperation => ({
  ...attempt(holder, span, more),
  answer: 'unknown',
})

export const renewed = (holder: string, span: Span, token: number, more: More = {}): LockOperation => ({
  ...claim(holder, span),
  type: 'renew',
  ...lasting(more),
  answer: toldOf(token, more),
})

export const renewal = (holder: string, span: Span, answer: 'gone' | 'unknown', more: More = {}): LockOperation => ({
  ...claim(holder, span),
  type: 'renew',
  ...lasting(more),
  answer,
})

export const release = (
  holder: string,
  span: Span,
  answer: 'released' | 'not-held' | 'unknown' = 'released',
): LockOperation => ({ ...claim(holder, span), type: 'release', answer })

export const cleared = ([called, returned]: Span): LockOperation => ({
  process: 'operator',
  key: KEY,
  called: BigInt(called),
  returned: returned === undefined ? undefined : BigInt(returned),
  type: 'clear',
  answer: returned === undefined ? 'unknown' : 'done',
})

export const reader: Share = { kind: 'shared' }
export const permits = (take: number, of: number): Share => ({ kind: 'permits', take, of })
