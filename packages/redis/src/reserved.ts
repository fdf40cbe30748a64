/** Tokens are granted by tens: those that follow this one, up to the next that ends with 0, are nobody else's. */
export const reservedAfter = (token: bigint): number => 9 - Number(token % 10n)
