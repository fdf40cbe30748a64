import { createHash } from 'node:crypto'

/** Where an advisory lock stands: the first 64 bits of SHA-256, as Postgres' bigint. Names that share them exclude each other. */
export const placeOf = (name: string): bigint => createHash('sha256').update(name).digest().readBigInt64BE()
