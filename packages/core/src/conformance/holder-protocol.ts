/** What the suite asks of a holder in another process. */
export type HolderRequest =
  | { readonly id: number; readonly ask: 'hold'; readonly key: string; readonly ttlMs: number }
  | { readonly id: number; readonly ask: 'wait'; readonly key: string; readonly ttlMs: number }
  | { readonly id: number; readonly ask: 'is-held' }
  | { readonly id: number; readonly ask: 'release' }

/** `hold`: the token. `wait`: nothing, once the wait has begun. `is-held`: yes or no. `release`: what it said. */
export interface HolderReply {
  readonly id: number
  readonly answer: string
}
