import type { Claim } from '@leasehold/core'
import { LeaseBook, type LeaseEntry } from '../lease-book.ts'
import { Machine } from '../machine.ts'
import { standTogether } from '../part.ts'
import { Prng } from '../prng.ts'
import { TokenOrder } from '../token-order.ts'
import type { Rule, Violation } from '../violation.ts'
import { World } from '../world.ts'
import type { QuorumEngine } from './quorum-engine.ts'
import { planQuorum, type QuorumScenario } from './quorum-scenario.ts'
import { SimulatedNode } from './simulated-node.ts'

const MOST_VIOLATIONS = 20

/** How often things happened that make a run worth something. */
export interface QuorumCounters {
  acquired: number
  /** Two readers who read at the same time, both sure of it. */
  together: number
  /** A lease whose time ran out while its holder still used it. */
  expired: number
  nodesLost: number
  nodesStopped: number
  processesKilled: number
}

export const noCounts = (): QuorumCounters => ({
  acquired: 0,
  together: 0,
  expired: 0,
  nodesLost: 0,
  nodesStopped: 0,
  processesKilled: 0,
})

/** One run's world, its nodes and its checks; processes are added. */
export class QuorumRun {
  readonly seed: number
  readonly engine: QuorumEngine
  readonly scenario: QuorumScenario
  readonly world = new World()
  readonly nodes: readonly SimulatedNode[]
  readonly maxTtlMs: number
  readonly book = new LeaseBook()
  readonly violations: Violation[] = []
  readonly counters = noCounts()
  readonly tokenOrder: TokenOrder
  /** Holders are random: by these names a seed is the same each time. */
  readonly #names = new Map<string, string>()

  constructor(seed: number, engine: QuorumEngine) {
    this.seed = seed
    this.engine = engine
    this.scenario = planQuorum(seed)
    this.maxTtlMs = Math.max(...this.scenario.ttlsMs)
    this.tokenOrder = new TokenOrder(this.report)
    this.nodes = Array.from({ length: this.scenario.nodes }, (_, index) => this.#newNode(`n${index + 1}`))
  }

  readonly report = (rule: Rule, detail: string): void => {
    const known = this.violations.some((violation) => violation.rule === rule && violation.detail === detail)
    if (!known && this.violations.length < MOST_VIOLATIONS) this.violations.push({ rule, detail })
  }

  /** S1, and S4 of those who share a key: called with the world at rest, after every event. */
  readonly observe = (): void => {
    const valid = this.book.open().filter(({ lease }) => lease.remainingMs > 0)
    for (const [index, entry] of valid.entries()) {
      const others = valid.slice(index + 1).filter(({ key }) => key === entry.key)
      const rival = others.find(({ token, part }) => token !== entry.token && !standTogether(part, entry.part))
      if (rival !== undefined)
        this.report('S1', `${entry.key}: ${describe(entry)} and ${describe(rival)} are valid at once`)
      const readers = others.filter(({ part }) => standTogether(part, entry.part))
      this.counters.together += readers.length
      const twin = readers.find(({ token }) => token === entry.token)
      if (twin !== undefined) this.report('S4', `${entry.key}: ${describe(entry)} and ${describe(twin)} are two`)
    }
  }

  /** S5: where no node forgets, what a majority keeps for a lease in use is not gone. After a release, a vote that is late may bring a node back. */
  toldGone({ key, holder }: Claim): void {
    const holds = this.nodes.flatMap((node) => node.holdsOf(key)).filter((hold) => hold.holder === holder)
    const alike = holds.filter(({ token }) => token === holds[0]?.token).length
    const inUse = this.book.open().some((entry) => entry.key === key && entry.token === holds[0]?.token)
    if (inUse && this.counters.nodesLost === 0 && alike * 2 > this.nodes.length)
      this.report('S5', `${key}: token ${holds[0]?.token} was called gone while ${alike} nodes kept it`)
  }

  /** S5: where no node forgets, no withdrawal takes its majority from a lease that is valid and in use. */
  withdrawn(key: string, token: bigint | undefined): void {
    const entry = this.book.open().find((each) => each.key === key && each.token === token)
    const keeping = this.nodes.filter((node) => node.holdsOf(key).some((hold) => hold.token === token)).length
    if (entry === undefined || entry.lease.remainingMs <= 0 || this.counters.nodesLost > 0) return
    if (keeping * 2 <= this.nodes.length)
      this.report('S5', `${key}: a withdrawal left ${keeping} nodes to ${describe(entry)}, which is valid`)
  }

  nameOf(holder: string): string {
    const name = this.#names.get(holder) ?? `holder ${this.#names.size}`
    this.#names.set(holder, name)
    return name
  }

  newMachine(name: string, prng: Prng, wallMs: number): Machine {
    const rate = 1 + prng.pick([-this.scenario.drift, 0, this.scenario.drift])
    const settings = { monotonicMs: prng.between([0, 1e6]), wallMs, monotonicRate: rate, wallRate: rate }
    return new Machine(this.world, name, settings, prng)
  }

  #newNode(name: string): SimulatedNode {
    const prng = new Prng(this.seed, name)
    const { skewMs } = this.scenario
    const machine = this.newMachine(name, prng, 1.7e12 + prng.between([-skewMs, skewMs]))
    return new SimulatedNode(machine, this.engine.rankOfClaim, this.maxTtlMs)
  }
}

const describe = ({ machine, token }: LeaseEntry) => `the lease of ${machine.name} with token ${token}`
