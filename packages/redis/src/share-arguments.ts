import type { Share } from '@leasehold/core'
import type { JoiningClaim } from './one-turn.ts'
import type { ScriptArgument } from './script.ts'

/** What scripts are told of a share: its kind, how many, of how many. */
export const shareArguments = (share: Share): readonly ScriptArgument[] =>
  share.kind === 'permits' ? [share.kind, share.take, share.of] : [share.kind, 0, 0]

/** What those that put a claim in line are told of it. */
export const joinArguments = ({
  holder,
  ttlMs,
  metadata = '',
  share,
  process,
}: Omit<JoiningClaim, 'isWanted'>): readonly ScriptArgument[] =>
  share ? [holder, ttlMs, metadata, ...shareArguments(share), process] : [holder, ttlMs, metadata, process]
