import type { Claim } from '@leasehold/core'
import type { ScriptArgument } from './script.ts'

/** What scripts are told of a share: its kind, how many, of how many. Of a whole key, nothing. */
export function shareArguments({ share }: Claim): readonly ScriptArgument[] {
  if (share === undefined) return []
  return share.kind === 'permits' ? [share.kind, share.take, share.of] : [share.kind, 0, 0]
}
