import { randomBytes } from 'node:crypto'
import type { Candidate, Claim, Share, Terms } from '@leasehold/core'

export const claimOn = (key: string): Claim => ({ key, holder: randomBytes(16).toString('hex') })

export const SHARED: Share = { kind: 'shared' }

export const permits = (of: number, take = 1): Share => ({ kind: 'permits', take, of })

export const shareOf = (key: string, share: Share): Claim => ({ ...claimOn(key), share })

export const terms = (ttlMs = 60_000): Terms => ({ ttlMs, metadata: undefined })

export const candidateOn = (key: string): Candidate => ({ ...claimOn(key), ...terms() })
