import type { LeaseHandle } from '../api.ts'
import type { Claim } from '../contract.ts'
import type { Hold } from './hold.ts'
import { assertKey } from './key.ts'
import { assertObject, parseHold, parseShare, type WaitTerms } from './options.ts'

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
  const { version, key, holder, fencingToken, ttlMs, marginMs, autoRenew, share } = handle
  const texts = typeof holder === 'string' && typeof fencingToken === 'string'
  const isHandle = version === 1 && texts && /^[0-9a-f]{32}$/.test(holder) && /^\d{1,40}$/.test(fencingToken)
  if (!isHandle || ttlMs === undefined) throw new TypeError('a lease handle must be what handOff gave')
  assertKey(key)
  const terms = parseHold({ ...defaults, marginMs: undefined, minHoldMs: undefined }, { ttlMs, marginMs, autoRenew })
  const claim = share === undefined ? { key, holder } : { key, holder, share: parseShare(share) }
  return { claim, terms: { ...terms, share: claim.share }, fencingToken: BigInt(fencingToken) }
}
