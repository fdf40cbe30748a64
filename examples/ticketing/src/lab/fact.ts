import type { RunTerms } from './story.ts'

export type NodeName = string

export type Tone = 'plain' | 'good' | 'bad' | 'warn'

/** Where something was seen: at a server, at the lock server, in the seat's row. */
export type LaneName = NodeName | 'lock' | 'row'

/** The present hold, as the lock server tells it. */
export interface Held {
  readonly node: NodeName
  readonly token: string
  readonly remainingMs: number
}

/** Something that was observed. Plain data: the page draws nothing else. */
export type Observation =
  | ({ readonly type: 'run' } & RunTerms)
  | { readonly type: 'note'; readonly lane: LaneName; readonly tone: Tone; readonly text: string }
  /** As the holder computes it; 0: it does not trust this lease any more, or has given it away. */
  | { readonly type: 'validity'; readonly node: NodeName; readonly token: string; readonly remainingMs: number }
  | {
      readonly type: 'state'
      readonly node: NodeName
      readonly state: 'well' | 'frozen' | 'dead' | 'cut-off' | 'clock-ahead'
    }
  | { readonly type: 'lock'; readonly held: Held | null }
  | { readonly type: 'row'; readonly fence: string; readonly soldBy: readonly NodeName[] }
  /** A write reached the row: it sold the seat, sold it again, or was refused for its token. */
  | { readonly type: 'write'; readonly node: NodeName; readonly outcome: 'sold' | 'again' | 'refused' }
  /** This server has looked and not yet written: now is the moment. */
  | { readonly type: 'brink'; readonly node: NodeName }
  | { readonly type: 'verdict'; readonly tone: Tone; readonly title: string; readonly text: string }

export type Fact = Observation & {
  /** Milliseconds since the run began. */
  readonly at: number
}
