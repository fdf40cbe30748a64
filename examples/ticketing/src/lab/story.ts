import type { StrategyName } from '../strategies/index.ts'

/** What can befall the server whose checkout has looked and not yet written. */
const FAULTS = ['freeze', 'kill', 'cut-off', 'clock'] as const

export type Fault = (typeof FAULTS)[number]

/** What happens to it in a story: nothing (`contend`), a fault, or whatever the visitor chooses (`by-hand`). */
const STORIES = ['contend', ...FAULTS, 'by-hand'] as const

export type Story = (typeof STORIES)[number]

/** What a visitor may choose at the brink. */
export type Choice = Fault | 'write'

export interface RunTerms {
  readonly strategy: StrategyName
  readonly story: Story
}

export const isStory = (name: unknown): name is Story => STORIES.includes(name as Story)

export const isChoice = (name: unknown): name is Choice => name === 'write' || FAULTS.includes(name as Fault)
