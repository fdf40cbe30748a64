/** `inconclusive`: the machine was too slow for the case to say anything, twice, because others took its time. Where nobody does, that is a failure. */
export type Outcome =
  | { readonly status: 'passed' }
  | { readonly status: 'failed'; readonly error: unknown }
  | { readonly status: 'skipped'; readonly reason: string }
  | { readonly status: 'inconclusive'; readonly reason: string; readonly error: unknown }
