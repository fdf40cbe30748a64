import type { Grant } from '@leasehold/core'
import { grantOf, shareGrantOf } from './answers.ts'

/** Holder, token, window, server's clock; and of a share, its slots. */
const NEWS = /^(\S+) (\d+) (\d+) (\d+)(?: (\S+))?$/

/** The server has granted a claim its turn, at this moment of its clock, and keeps the key this long. */
export interface Turn {
  readonly grant: Grant
  readonly serverMs: number
}

/** With the turn, or with nothing when it may have been missed. */
export type Hear = (turn: Turn | undefined) => void

/** How the claims that wait in this process hear of their turns. */
export interface Turns {
  /** For one wait from its beginning to its end: another may be heard in another way. */
  subscriptionTo(key: string): Subscription
  close(): Promise<void>
}

/** How this process hears of its turns on one key. */
export interface Subscription {
  /** By which the server tells this process from others, and how it listens. */
  readonly process: string
  /** Which of the subscriptions there were it is. */
  readonly since: number
  readonly isListening: boolean
  /** Resolves when the server has confirmed that turns are told from now on. */
  listening(): Promise<void>
  /** Returns how to stop. A turn that nobody expects is left to its window: its claim was released, or has the key already. */
  expect(holder: string, hear: Hear): () => void
  /**
   * The server sees nobody who listens there, although that was confirmed, `since`. It may have ended the subscription by itself, another server may have taken its place, or the connection may be dead.
   * So it is made anew. Where that is of no use, the server cannot tell, and is not asked any more: whoever waits is told whether he listens or not.
   */
  unheard(since: number): void
}

/** Whoever may publish there can say anything. */
export function turnOf(news: string): { readonly holder: string; readonly turn: Turn } | undefined {
  const [, holder, token = '', windowMs, serverMs, slots] = NEWS.exec(news) ?? []
  if (holder === undefined) return undefined
  const grant = slots ? shareGrantOf(token, Number(windowMs), slots) : grantOf(token, Number(windowMs))
  return { holder, turn: { grant, serverMs: Number(serverMs) } }
}
