import type { Locks } from '@leasehold/core'

/** The raw driver, doing the least with which the same can be reached: the limit that a backend is held against. */
export interface Raw {
  /** Takes and gives back a key that nobody wants, in as many trips as the backend needs. */
  cycle(key: string): Promise<unknown>
  /** The same where many are under way at once. Default: `cycle`. */
  cycleAtOnce?(key: string): Promise<unknown>
  /** Passes a baton from one connection to another that waits for it, after `idle` as ours is. Resolves with the milliseconds that took. */
  handover?(idle: () => Promise<unknown>): Promise<number>
  /** So many callers want one key, each over a connection of its own, until told to stop. */
  crowd?(callers: number, turn: (caller: number) => void, stopped: () => boolean): Promise<void>
  close(): Promise<void>
}

/** Somebody else's semaphore, used as its authors advise. */
export interface Rival {
  readonly name: string
  /** Takes so many of the permits of a key, when there are as many, and gives them back. */
  cycle(key: string, take: number, of: number): Promise<unknown>
  close(): Promise<void>
}

export interface RunningServer {
  readonly url: string
  stop(): Promise<void>
}

/** What `least` is for the ratio of each contest, or at `most`. Sources: the goals of the project's design. */
export interface Goals {
  readonly sequential?: { readonly most: number }
  readonly atOnce?: { readonly least: number }
  readonly handover?: { readonly most: number }
  readonly crowd?: { readonly least: number }
}

/** A backend, how to reach it as one more process would, and its limit. */
export interface Subject {
  readonly name: string
  /** What the limit does, in a few words. */
  readonly limit: string
  readonly goals: Goals
  start(): Promise<RunningServer>
  locks(url: string): Locks
  raw(url: string): Promise<Raw>
  /** Whom its shared holds and permits are held against. */
  rivals?(url: string): readonly Rival[]
}
