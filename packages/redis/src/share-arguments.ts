import type { Share } from '@leasehold/core'
import type { ScriptArgument } from './script.ts'

/** What scripts are told of a share: its kind, how many, of how many. */
export const shareArguments = (share: Share): readonly ScriptArgument[] =>
  share.kind === 'permits' ? [share.kind, share.take, share.of] : [share.kind, 0, 0]
