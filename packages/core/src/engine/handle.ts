import type { LeaseHandle } from '../api.ts'
import type { Claim } from '../contract.ts'
import type { Hold } from './hold.ts'
import { assertKey } from './key.ts'
import { assertObject, parseHold, type WaitTerms } from './options.ts'

export function makeHandle({ claim, terms, fencingToken, autoRenew }: Hold): LeaseHandle {
  const { ttlMs, marginMs } = terms
  const handle = { version: 1 as const, ...claim, fencingToken: String(fencingToken), ttlMs, autoRenew }
  return marginMs === undefined ? handle : { ...handle, marginMs }
}

/** Checks what came from outside. The message does not repeat the handle: it is a secret. */
export function parseHandle(
  handle: LeaseHandle,
  defaults: WaitTerms,
): { claim: Claim; terms: WaitTerms; fencingToken: bigint } {
  assertObject('a lease handle', handle)
  const { version, key, holder, fencingToken, ttlMs, marginMs, autoRenew } = handle
  const texts = typeof holder === 'string' && typeof fencingToken === 'string'
  const isHandle = version === 1 && texts && /^[0-9a-f]{32}$/.test(holder) && /^\d{1,40}$/.test(fencingToken)
  if (!isHandle || ttlMs === undefined) throw new TypeError('a lease handle must be what handOff gave')
  assertKey(key)
  const terms = parseHold({ ...defaults, marginMs: undefined }, { ttlMs, marginMs, autoRenew })
  return { claim: { key, holder }, terms, fencingToken: BigInt(fencingToken) }
}
