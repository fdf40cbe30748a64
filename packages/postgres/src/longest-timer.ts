/** Node turns longer ones into 1 ms. */
export const LONGEST_TIMER_MS = 2_147_483_647
