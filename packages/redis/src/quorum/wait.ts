import type { Claim, Clock } from '@leasehold/core'
import { majorityOf } from './majority.ts'
import { NoMajority } from './no-majority.ts'
import type { Ballot } from './round.ts'
import { REFRESH_MS } from './waiting-times.ts'

/** After the first node has called us up: the others follow, or have called up somebody else. */
const GRACE_MS = 4
/** Looks at a key that expires now stand apart by this at least, and by as much again at random: who waits elsewhere looks then, too. */
const LEAST_PAUSE_MS = 10
/** How long to leave nodes alone that do not let us wait. */
const UNHEARD_PAUSE_MS = 1000

/** Where claims wait for their turn. */
export interface WaitingNode {
  /** `hear`: the node has called the claim up. Returns how to stop. */
  expect(claim: Claim, hear: () => void): () => void
  /** Takes a place in line, or says that the waiter lives, if it is still wanted when it can be. For how long the key is kept for another; 0: it can be had. */
  join(claim: Claim, isWanted: () => boolean): Promise<number>
}

/** One claim that waits at all nodes. Ends with a hint to try: a majority has called it up, or the key can be had at a majority. */
export class QuorumWait {
  readonly outcome: Promise<undefined>
  readonly #nodes: readonly WaitingNode[]
  readonly #clock: Clock
  readonly #claim: Claim
  readonly #called = new Set<number>()
  /** The last look at each node. */
  readonly #looks: (Ballot<number> | undefined)[]
  readonly #leave: (() => void)[] = []
  #cancelBeat: () => void = () => {}
  #cancelGrace: () => void = () => {}
  #cancelFailure: (() => void) | undefined
  #over = false
  #resolve: (hint: undefined) => void = () => {}
  #reject: (error: unknown) => void = () => {}

  constructor(nodes: readonly WaitingNode[], clock: Clock, claim: Claim) {
    this.#nodes = nodes
    this.#clock = clock
    this.#claim = claim
    this.#looks = nodes.map(() => undefined)
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  begin(): void {
    for (const [index, node] of this.#nodes.entries())
      this.#leave.push(node.expect(this.#claim, () => this.#hear(index)))
    this.#beat()
  }

  end(): void {
    this.#settle(() => this.#resolve(undefined))
  }

  #hear(index: number): void {
    if (this.#over) return
    this.#called.add(index)
    if (this.#called.size >= majorityOf(this.#nodes.length)) this.end()
    else if (this.#called.size === 1) this.#cancelGrace = this.#clock.setTimer(GRACE_MS, () => this.end())
  }

  #beat(): void {
    const isWanted = () => !this.#over
    for (const [index, node] of this.#nodes.entries()) {
      node.join(this.#claim, isWanted).then(
        (keptMs) => this.#looked(index, { answer: keptMs }),
        (error: unknown) => this.#looked(index, { error }),
      )
    }
    this.#beatIn(REFRESH_MS)
  }

  #beatIn(delayMs: number): void {
    this.#cancelBeat()
    this.#cancelBeat = this.#clock.setTimer(delayMs * (1 + Math.random() / 4), () => this.#beat())
  }

  #looked(index: number, look: Ballot<number>): void {
    if (this.#over) return
    this.#looks[index] = look
    const kept = this.#looks
      .flatMap((each) => (each && 'answer' in each ? [each.answer] : []))
      .toSorted((a, b) => a - b)
    const majority = majorityOf(this.#nodes.length)
    const freeInMs = kept[majority - 1]
    this.#heedFailures(this.#looks.filter((each) => each && 'error' in each).length > this.#nodes.length - majority)
    if (freeInMs === 0) this.end()
    else if (freeInMs !== undefined && freeInMs < REFRESH_MS)
      this.#beatIn(freeInMs + LEAST_PAUSE_MS * (1 + Math.random()))
  }

  #heedFailures(failed: boolean): void {
    if (!failed) {
      this.#cancelFailure?.()
      this.#cancelFailure = undefined
    } else
      this.#cancelFailure ??= this.#clock.setTimer(UNHEARD_PAUSE_MS, () =>
        this.#settle(() => this.#reject(new NoMajority(this.#looks))),
      )
  }

  #settle(tell: () => void): void {
    if (this.#over) return
    this.#over = true
    this.#cancelBeat()
    this.#cancelGrace()
    this.#cancelFailure?.()
    for (const leave of this.#leave) leave()
    tell()
  }
}
