/**
 * @typedef {object} Bench
 * @property {string[]} nodes
 * @property {string} seat
 * @property {number} ttlMs
 * @property {string} locks
 * @property {boolean} canCut
 * @property {number} nowMs how long ago the present run began
 */

/** @typedef {'plain' | 'good' | 'bad' | 'warn'} Tone */

/** @typedef {{ node: string, token: string, remainingMs: number }} Held */

/**
 * @typedef {{ at: number } & (
 *   | { type: 'run', strategy: string, story: string }
 *   | { type: 'note', lane: string, tone: Tone, text: string }
 *   | { type: 'validity', node: string, token: string, remainingMs: number }
 *   | { type: 'state', node: string, state: string }
 *   | { type: 'lock', held: Held | null }
 *   | { type: 'row', fence: string, soldBy: string[] }
 *   | { type: 'write', node: string, outcome: Write['outcome'] }
 *   | { type: 'brink', node: string }
 *   | { type: 'verdict', tone: Tone, title: string, text: string }
 * )} Fact
 */

/**
 * Something that lasts. `to` is undefined while it does; `until` is when it would end by itself.
 *
 * @typedef {object} Span
 * @property {string} lane
 * @property {'validity' | 'hold' | 'state' | 'fence' | 'sold'} kind
 * @property {number} from
 * @property {number | undefined} [to]
 * @property {number | undefined} [until]
 * @property {string | undefined} [node] whose colour it has
 * @property {string} look a token, a state, or by how many the seat is sold
 */

/** @typedef {{ at: number, lane: string, tone: Tone, text: string }} Note */

/** @typedef {{ at: number, node: string, outcome: 'sold' | 'again' | 'refused' }} Write */

/** What the facts of one run come to. */
export class Model {
  /** @type {Span[]} */
  spans = []
  /** @type {Note[]} */
  notes = []
  /** @type {Write[]} */
  writes = []
  /** @type {{ strategy: string, story: string } | undefined} */
  run
  /** @type {string | undefined} the server that is about to write */
  brink
  /** @type {{ at: number, tone: Tone, title: string, text: string } | undefined} */
  verdict

  /** @param {Fact} fact */
  take(fact) {
    switch (fact.type) {
      case 'run':
        Object.assign(this, { spans: [], notes: [], writes: [], run: fact, brink: undefined, verdict: undefined })
        return
      case 'note':
        this.notes.push(fact)
        return
      case 'validity':
        return this.#last(fact.node, 'validity', fact.at, fact.token, fact.node, fact.remainingMs)
      case 'lock':
        return this.#hold(fact.at, fact.held)
      case 'state':
        return this.#state(fact.at, fact.node, fact.state)
      case 'row':
        return this.#row(fact.at, fact.fence, fact.soldBy)
      case 'write':
        this.writes.push(fact)
        return
      case 'brink':
        this.brink = fact.node
        return
      case 'verdict':
        this.brink = undefined
        this.verdict = fact
    }
  }

  /**
   * Prolongs the span that has this look, or ends the one before and begins another. Nothing remains: it only ends.
   *
   * @param {string} lane
   * @param {Span['kind']} kind
   * @param {number} at
   * @param {string} look
   * @param {string | undefined} node
   * @param {number} [remainingMs]
   */
  #last(lane, kind, at, look, node, remainingMs) {
    const open = this.spans.findLast((span) => span.lane === lane && span.kind === kind && span.to === undefined)
    const until = remainingMs === undefined ? undefined : at + remainingMs
    if (open?.look === look && remainingMs !== 0) {
      open.until = until
      return
    }
    if (open !== undefined) open.to = Math.min(at, open.until ?? at)
    if (remainingMs !== 0) this.spans.push({ lane, kind, from: at, until, node, look })
  }

  /**
   * @param {number} at
   * @param {Held | null} held
   */
  #hold(at, held) {
    this.#last('lock', 'hold', at, held?.token ?? '', held?.node, held?.remainingMs ?? 0)
  }

  /**
   * @param {number} at
   * @param {string} node
   * @param {string} state
   */
  #state(at, node, state) {
    if (state === 'well' || state === 'dead') this.brink = undefined
    this.#last(node, 'state', at, state, undefined, state === 'well' ? 0 : undefined)
  }

  /**
   * @param {number} at
   * @param {string} fence
   * @param {string[]} soldBy
   */
  #row(at, fence, soldBy) {
    if (fence !== '0') this.#last('row', 'fence', at, fence, undefined)
    if (soldBy.length > 0) this.#last('row', 'sold', at, String(soldBy.length), soldBy.at(-1))
  }
}
