import { setTimeout as pause } from 'node:timers/promises'
import { BEFALL } from './befall.ts'
import { Customer } from './customer.ts'
import type { LabNode } from './lab-node.ts'
import type { RowWatch } from './row-watch.ts'
import type { Choice, RunTerms } from './story.ts'
import type { Timeline } from './timeline.ts'
import type { Outcome } from './verdict.ts'

/** At the brink, so that one sees it: as a share of the TTL. */
const MOMENT = 0.2
/** Whoever is to choose by hand does so within this time. */
const PATIENCE_MS = 60_000
const LOOK_MS = 50
/** For holds that ran out to be ended, and for money to go back. */
const CLOSING_MS = 10_000

export interface RunOptions {
  readonly terms: RunTerms
  readonly nodes: readonly LabNode[]
  readonly seat: string
  readonly ttlMs: number
  readonly timeline: Timeline
  readonly row: RowWatch
}

/** A checkout that has looked and not yet written. */
interface Brink {
  readonly node: LabNode
  readonly standing: number
}

/**
 * Three customers, each at a server of his own, want one seat. The first checkout that has looked and not yet written is at the brink; there
 * the fault of the story befalls its server. The others write at once.
 */
export class Run {
  readonly #options: RunOptions
  readonly #atBrink: Promise<Brink>
  readonly #chosen: Promise<Choice>
  #arrive: (brink: Brink) => void = () => {}
  #choose: ((choice: Choice) => void) | undefined
  #hasBrink = false
  #othersAreDone = false

  constructor(options: RunOptions) {
    this.#options = options
    this.#atBrink = new Promise((resolve) => {
      this.#arrive = resolve
    })
    this.#chosen = new Promise((resolve) => {
      this.#choose = resolve
    })
  }

  /** Says that a checkout has looked and not yet written, and waits for `goOn`. */
  standsAt(node: LabNode, standing: number): void {
    if (this.#hasBrink) {
      node.goOn(standing)
      return
    }
    this.#hasBrink = true
    this.#options.timeline.record({ type: 'brink', node: node.name })
    this.#options.timeline.note(node.name, 'plain', 'Has looked, and is about to write.')
    this.#arrive({ node, standing })
  }

  /** By hand: what befalls the server at the brink. False: nobody is there, or it has been chosen. */
  choose(choice: Choice): boolean {
    if (!this.#hasBrink || this.#choose === undefined) return false
    this.#choose(choice)
    this.#choose = undefined
    return true
  }

  async play(): Promise<Outcome> {
    const { nodes, seat, timeline, row } = this.#options
    const shopping = nodes.map((node) => {
      const customer = new Customer(node, seat, timeline, (hold) => row.knows(hold, node.name))
      return { node, isDone: customer.shop(() => row.isSold) }
    })
    const everybody = Promise.all(shopping.map(({ isDone }) => isDone))
    const brink = await Promise.race([this.#atBrink, everybody.then(() => nobodyCame())])
    const others = shopping.filter(({ node }) => node !== brink.node).map(({ isDone }) => isDone)
    void Promise.all(others).then(() => {
      this.#othersAreDone = true
    })
    const choice = await this.#choice()
    const undo = await this.#befall(brink, choice)
    await everybody
    await undo()
    await this.#closeBooks()
    return this.#outcome(brink.node, choice)
  }

  get #momentMs(): number {
    return MOMENT * this.#options.ttlMs
  }

  async #choice(): Promise<Choice> {
    const { story } = this.#options.terms
    if (story === 'by-hand') return Promise.race([this.#chosen, pause(PATIENCE_MS, 'write' as const, { ref: false })])
    await pause(this.#momentMs)
    return story === 'contend' ? 'write' : story
  }

  async #befall({ node, standing }: Brink, choice: Choice): Promise<() => void | Promise<void>> {
    const { timeline } = this.#options
    this.#choose = undefined
    const goOn = (): void => {
      timeline.note(node.name, 'plain', 'Goes on, and writes.')
      node.goOn(standing)
    }
    if (choice !== 'write') {
      const longerThanALease = () => this.#longerThanALease()
      return BEFALL[choice]({ timeline, node, momentMs: this.#momentMs, goOn, longerThanALease })
    }
    goOn()
    return () => {}
  }

  /** Where the others have to wait for the server at the brink, they get no chance. */
  async #longerThanALease(): Promise<void> {
    const { ttlMs, terms } = this.#options
    const startedAt = performance.now()
    const elapsedMs = () => performance.now() - startedAt
    const longestMs = terms.strategy === 'row-lock' ? 1.5 * ttlMs : 5 * ttlMs
    while (elapsedMs() < longestMs && !(this.#othersAreDone && elapsedMs() > 1.2 * ttlMs)) await pause(LOOK_MS)
  }

  async #closeBooks(): Promise<void> {
    const { row, timeline } = this.#options
    const givesUpAt = timeline.nowMs + CLOSING_MS
    await row.look()
    while (row.books.unfinished > 0 && timeline.nowMs < givesUpAt) {
      await pause(LOOK_MS)
      await row.look()
    }
  }

  #outcome({ name }: LabNode, choice: Choice): Outcome {
    const { row, terms } = this.#options
    const { sold, refused, refunded } = row.books
    const nodesOf = (holds: readonly string[]) => holds.map((hold) => row.nodeOf(hold))
    return {
      strategy: terms.strategy,
      choice,
      brink: name,
      soldBy: nodesOf(sold),
      refused: refused.find(({ hold }) => row.nodeOf(hold) === name)?.why,
      refunded: nodesOf(refunded),
    }
  }
}

function nobodyCame(): never {
  throw new Error('No customer came as far as the sale.')
}
