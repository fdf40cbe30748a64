import { randomBytes } from 'node:crypto'
import { createLocks, election, type Locks } from '@leasehold/core'
import type { ServerAddress } from '../database/open-database.ts'
import { createSeparateDatabase, type SeparateDatabase } from '../database/separate-database.ts'
import { isSweepKey, sweepKey } from '../lead-sweep.ts'
import type { LockAddress } from '../locks/lock-address.ts'
import { openBackend } from '../locks/open-backend.ts'
import type { NodeNews } from '../node/messages.ts'
import type { Sale } from '../sale.ts'
import { repeat } from '../sweep.ts'
import { LabNode } from './lab-node.ts'
import { LockWatch } from './lock-watch.ts'
import { RowWatch } from './row-watch.ts'
import { Run } from './run.ts'
import type { Choice, RunTerms } from './story.ts'
import { watchSweep } from './sweep-watch.ts'
import { Timeline } from './timeline.ts'
import { verdictOn } from './verdict.ts'

const NODES = ['node-1', 'node-2', 'node-3']
const SEAT = 'C7'
const LOOK_MS = 40

export interface LabOptions {
  readonly stage: {
    readonly locks: LockAddress
    /** The lab has a database of its own there. */
    readonly database: ServerAddress
  }
  /** How long a lease lasts. etcd as it comes grants nothing below two seconds. */
  readonly ttlMs: number
}

/** What the page needs to know before anything happens. */
export interface Bench {
  readonly nodes: readonly string[]
  readonly seat: string
  readonly ttlMs: number
  readonly locks: string
  /** Whether a server can be cut off from the lock server. */
  readonly canCut: boolean
}

/** Three servers, one seat, and means to break things. The processes, the lock server and the database are real. */
export class Lab implements AsyncDisposable {
  readonly timeline = new Timeline()
  readonly #ttlMs: number
  readonly #locks: Locks
  readonly #database: SeparateDatabase
  readonly #nodes: readonly LabNode[]
  readonly #stage: LabOptions['stage']
  #run: Run | undefined
  #lock: LockWatch | undefined

  private constructor(
    { stage, ttlMs }: LabOptions,
    locks: Locks,
    database: SeparateDatabase,
    nodes: readonly LabNode[],
  ) {
    this.#stage = stage
    this.#ttlMs = ttlMs
    this.#locks = locks
    this.#database = database
    this.#nodes = nodes
  }

  static async open(options: LabOptions): Promise<Lab> {
    const { locks, database } = options.stage
    const own = await createSeparateDatabase(database)
    const opened: Promise<Lab> = (async () => {
      const hear = (node: LabNode, news: NodeNews) => void opened.then((lab) => lab.#hear(node, news))
      const nodes = await Promise.all(NODES.map((name) => LabNode.start(name, locks, hear)))
      return new Lab(options, createLocks(await openBackend(locks, options.ttlMs), { pollMs: LOOK_MS }), own, nodes)
    })()
    return opened.catch(async (error: unknown) => {
      await own.drop()
      throw error
    })
  }

  get bench(): Bench {
    const canCut = this.#nodes.every(({ route }) => route.canBeCut)
    return { nodes: NODES, seat: SEAT, ttlMs: this.#ttlMs, locks: this.#stage.locks.kind, canCut }
  }

  get isBusy(): boolean {
    return this.#run !== undefined
  }

  /** Begins a run, and resolves when its verdict is known. One at a time. */
  async run(terms: RunTerms): Promise<void> {
    if (this.#run !== undefined) throw new Error('A run is under way.')
    const sale = this.#sale(terms)
    const { db } = this.#database
    const row = new RowWatch(db, SEAT, this.timeline, (token) => lock.nodeOf(token))
    const lock: LockWatch = new LockWatch({
      lock: this.#locks.named(`${sale.name}:seat:${SEAT}`),
      ttlMs: this.#ttlMs,
      timeline: this.timeline,
      isSold: () => row.isSold,
    })
    this.#lock = lock
    const { timeline } = this
    const run = new Run({ terms, nodes: this.#nodes, seat: SEAT, ttlMs: this.#ttlMs, timeline, row })
    this.#run = run
    const looks: (() => Promise<void>)[] = []
    const over = new AbortController()
    let watching = Promise.resolve()
    try {
      await this.#database.empty()
      await Promise.all(this.#nodes.map((node) => node.open({ database: this.#database.address, sale })))
      timeline.begin(terms)
      // A look that failed has seen nothing.
      for (const watch of [lock, row]) looks.push(repeat(() => watch.look().catch(() => {}), LOOK_MS))
      watching = watchSweep(election(this.#locks, sweepKey(sale.name)), timeline, over.signal).catch(() => {})
      const outcome = await run.play()
      await Promise.all(this.#nodes.map((node) => node.close()))
      this.#run = undefined
      timeline.record({ type: 'verdict', ...verdictOn(outcome) })
    } catch (error) {
      await this.#repair()
      timeline.record({ type: 'verdict', tone: 'warn', title: 'The run failed', text: String(error) })
      throw error
    } finally {
      this.#run = undefined
      over.abort()
      await Promise.all([watching, ...looks.map((stop) => stop())])
    }
  }

  /** False: there is nothing to choose now. */
  choose(choice: Choice): boolean {
    return this.#run?.choose(choice) ?? false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node[Symbol.asyncDispose]()))
    await this.#locks.close()
    await this.#database.drop()
  }

  /** Whatever state a failed run left the servers in: they begin anew. */
  async #repair(): Promise<void> {
    for (const node of this.#nodes) {
      await node.kill()
      node.route.heal()
      await node.restart()
    }
  }

  #hear(node: LabNode, news: NodeNews): void {
    if (news.type === 'standing') this.#run?.standsAt(node, news.standing)
    if (news.type === 'validity') {
      const { fencingToken: token, remainingMs } = news.validity
      this.timeline.record({ type: 'validity', node: node.name, token, remainingMs })
    }
    if (news.type === 'lock-event') this.#lock?.hear(node.name, news.event)
    if (news.type === 'lock-event' && news.event.type === 'lost') {
      const why =
        news.event.reason === 'expired' ? 'by its own clocks, the time is over' : 'the lock server says it is gone'
      const what = isSweepKey(news.event.key) ? 'its lead of the sweep' : 'its lease'
      this.timeline.note(node.name, 'warn', `Trusts ${what} no more: ${why}.`)
    }
  }

  #sale({ strategy }: RunTerms): Sale {
    return {
      name: `lab-${randomBytes(6).toString('hex')}`,
      strategy,
      operatorKey: randomBytes(16).toString('hex'),
      holdMs: this.#ttlMs,
      freezeMs: this.#ttlMs,
      sweepMs: this.#ttlMs / 2,
      bank: { delayMs: 150, slowMs: 150, failureRate: 0 },
    }
  }
}
