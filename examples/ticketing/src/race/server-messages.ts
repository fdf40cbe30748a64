import type { StrategyName } from '../strategies/index.ts'
import type { Books, Contest } from './contest.ts'

export type ServerOrder =
  | { readonly type: 'open'; readonly strategy: StrategyName; readonly contest: Contest }
  | { readonly type: 'finish' }

export type ServerAnswer =
  | { readonly type: 'ready' }
  | { readonly type: 'opened'; readonly address: string; readonly seats: readonly string[] }
  | { readonly type: 'books'; readonly books: Books }
  | { readonly type: 'failed'; readonly error: string }
