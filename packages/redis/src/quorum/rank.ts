import { createHash } from 'node:crypto'
import type { Claim } from '@leasehold/core'

/** Those who share a key do not stand against each other: they insist together, or give way together. */
export const rankOfClaim = ({ holder, share }: Claim): string => rankOf(share?.kind ?? holder)

/** By which all sides of a split vote agree on whose it is to insist. Says nothing about the holder. */
const rankOf = (holder: string): string => createHash('sha1').update(holder).digest('hex').slice(0, RANK_DIGITS)

export const RANK_DIGITS = 12
