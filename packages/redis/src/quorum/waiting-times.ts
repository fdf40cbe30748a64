/** How often a waiter says that it lives, and looks whether the key has come free by expiry. */
export const REFRESH_MS = 600
/** How long a waiter that says nothing keeps its place. */
export const WAITER_LIFE_MS = 1800
/** How long a key that was released is kept for the waiter who was told. Nothing is granted by it: whoever is dead, or slow, loses only this. */
export const TURN_MS = 250
