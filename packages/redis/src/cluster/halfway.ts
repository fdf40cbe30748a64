/**
 * A slot on its way to another node: of its keys, some are here and some are there, and whoever names several that are not all in one place
 * is told to try again. Nothing was done.
 */
export const isHalfway = (error: unknown): boolean => error instanceof Error && error.message.startsWith('TRYAGAIN')
