import { createHash } from 'node:crypto'

/** By which all sides of a split vote agree on whose it is to insist. Says nothing about the holder. */
export const rankOf = (holder: string): string => createHash('sha1').update(holder).digest('hex').slice(0, RANK_DIGITS)

export const RANK_DIGITS = 12
