/** What the suite asks of a holder in another process. */
export type HolderRequest =
  | { readonly id: number; readonly ask: 'warm-up'; readonly key: string }
  | { readonly id: number; readonly ask: 'hold'; readonly key: string; readonly ttlMs: number }
  | { readonly id: number; readonly ask: 'wait'; readonly key: string; readonly ttlMs: number }
  | { readonly id: number; readonly ask: 'is-held' }
  | { readonly id: number; readonly ask: 'release' }

/**
 * `warm-up`: READY, once a lock was held and released. `hold`: the token. `wait`: WAITING, once the wait has begun. `is-held`: HELD, or the code of
 * the error that says no. `release`: what it said. Where it could not do what it was asked, `failure` says why.
 */
export type HolderReply =
  | { readonly id: number; readonly answer: string }
  | { readonly id: number; readonly failure: string }
