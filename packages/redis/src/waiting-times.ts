// The first three together bound what a dead waiter costs: its entry expires before a grant made to it does, and both within two seconds.

/** How often a waiter says that it lives. */
export const REFRESH_MS = 450
/** How long a waiter that says nothing keeps its place. */
export const WAITER_LIFE_MS = 1400
/** How long a grant is kept for a waiter that has not confirmed it. */
export const CLAIM_WINDOW_MS = 1500

/** How long a wait goes without an answer: then the engine is to ask, which tells of an outage. */
export const UNANSWERED_MS = 1500
