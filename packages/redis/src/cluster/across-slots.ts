/**
 * Whoever keeps to slots serves keys of one slot in a script, also where all slots are its own, as behind the one address of a clustered service. It says so before it does
 * anything.
 */
export const isAcrossSlots = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith('CROSSSLOT')
