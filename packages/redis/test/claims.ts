import { randomBytes } from 'node:crypto'
import type { Candidate, Claim, Terms } from '@leasehold/core'

export const claimOn = (key: string): Claim => ({ key, holder: randomBytes(16).toString('hex') })

export const terms = (ttlMs = 60_000): Terms => ({ ttlMs, metadata: undefined })

export const candidateOn = (key: string): Candidate => ({ ...claimOn(key), ...terms() })
