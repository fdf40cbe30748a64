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
  /** By which the server tells this process from others, and how it listens. */
  readonly process: string
  /** Resolves when the server has confirmed that turns on this key are told from now on. */
  listening(key: string): Promise<void>
  isListening(key: string): boolean
  /** Returns how to stop. A turn that nobody expects is left to its window: its claim was released, or has the key already. */
  expect(key: string, holder: string, hear: Hear): () => void
  close(): Promise<void>
}

/** Whoever may publish there can say anything. */
export function turnOf(news: string): { readonly holder: string; readonly turn: Turn } | undefined {
  const [, holder, token = '', windowMs, serverMs, slots] = NEWS.exec(news) ?? []
  if (holder === undefined) return undefined
  const grant = slots ? shareGrantOf(token, Number(windowMs), slots) : grantOf(token, Number(windowMs))
  return { holder, turn: { grant, serverMs: Number(serverMs) } }
}
