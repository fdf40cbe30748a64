import { Prng } from '../prng.ts'
import { HEALTHY } from '../scenario.ts'
import { rejectionsOf } from '../unhandled.ts'
import type { Violation } from '../violation.ts'
import type { QuorumEngine } from './quorum-engine.ts'
import { QuorumHost } from './quorum-host.ts'
import { type QuorumCounters, QuorumRun } from './quorum-run.ts'
import type { QuorumFault } from './quorum-scenario.ts'

export interface QuorumOutcome {
  readonly violations: readonly Violation[]
  readonly counters: QuorumCounters
  readonly events: number
}

/** Some turns of an event loop, some timers, some polls. */
const TURNAROUND_MS = 500

/** One run: chaos, then health, then the end. The same seed and the same code give the same outcome. */
export async function simulateQuorum(seed: number, engine: QuorumEngine): Promise<QuorumOutcome> {
  const run = new QuorumRun(seed, engine)
  const stopListening = rejectionsOf((reason) => run.report('S8', `a rejection that nobody handles: ${String(reason)}`))
  try {
    await new Course(run).live()
  } finally {
    stopListening()
  }
  const { violations, counters, world } = run
  return { violations, counters, events: world.eventCount }
}

class Course {
  readonly #run: QuorumRun
  readonly #prng: Prng
  #living: QuorumHost[] = []
  #born = 0
  #healed = false

  constructor(run: QuorumRun) {
    this.#run = run
    this.#prng = new Prng(run.seed, 'faults')
  }

  async live(): Promise<void> {
    const { world, scenario, observe } = this.#run
    for (let count = scenario.processes; count > 0; count -= 1) this.#addHost()
    this.#fault()
    await world.run(scenario.chaosMs, observe)
    this.#heal()
    await world.run(world.nowMs + this.#quietMs, observe, () => this.#living.every(({ busy }) => busy === 0))
    await this.#acquireAll()
    await this.#close()
  }

  /** By when everything sent has arrived, or was given up. */
  get #quietMs(): number {
    const { conditions, replyTimeoutMs, requestTimeoutMs } = this.#run.scenario
    return conditions.slowMs[1] + Math.max(replyTimeoutMs, requestTimeoutMs) + TURNAROUND_MS
  }

  /** L1: each process acquires each key, when what it may wait for is over: a hold, a node that does not count yet. */
  async #acquireAll(): Promise<void> {
    const { world, scenario, observe, maxTtlMs, report, tokenOrder } = this.#run
    const waitMs = Math.ceil(maxTtlMs * 2.5 + this.#quietMs)
    for (const host of this.#living) {
      host.start(async () => {
        for (const key of scenario.keys) {
          const returned = tokenOrder.invoke(key)
          try {
            const lease = await host.locks.named(key).acquire({ ttlMs: scenario.ttlsMs[0], waitMs, whenHeld: 'wait' })
            returned(lease.fencingToken)
            await lease.release()
          } catch (error) {
            report('L1', `${host.machine.name} could not acquire ${key} within ${waitMs} ms: ${String(error)}`)
          }
        }
      })
    }
    const untilMs = world.nowMs + waitMs * scenario.keys.length * this.#living.length
    await world.run(untilMs, observe, () => this.#living.every(({ busy }) => busy === 0))
  }

  /** S7: nothing is left at any node: at once where every message arrives, after one TTL otherwise. */
  async #close(): Promise<void> {
    const { world, scenario, observe, maxTtlMs, nodes, report } = this.#run
    for (const host of this.#living) host.start(() => host.locks.close())
    await world.run(world.nowMs + this.#quietMs, observe)
    if (!scenario.lossless) await world.run(world.nowMs + maxTtlMs * 1.1, observe)
    for (const node of nodes) if (node.heldKeys > 0) report('S7', `${node.name} keeps ${node.heldKeys} keys for nobody`)
  }

  #addHost(): void {
    this.#born += 1
    const prng = new Prng(this.#run.seed, `process ${this.#born}`)
    const machine = this.#run.newMachine(`p${this.#born}`, prng, prng.between([1.6e12, 1.8e12]))
    const host = new QuorumHost(this.#run, machine, prng)
    this.#living = [...this.#living, host]
    host.start(() => host.work())
  }

  #heal(): void {
    this.#healed = true
    for (const node of this.#run.nodes) node.machine.resume()
    for (const host of this.#living) {
      host.machine.resume()
      host.stopping = true
      for (const link of host.links) {
        link.cut.request = link.cut.reply = false
        link.conditions = HEALTHY
      }
    }
  }

  #fault(): void {
    const { world, scenario } = this.#run
    world.schedule(this.#prng.interval(scenario.faultIntervalMs), () => {
      const [first, ...rest] = scenario.faults
      if (this.#healed || first === undefined) return
      this.#cause(this.#prng.pick([first, ...rest]))
      this.#fault()
    })
  }

  #cause(kind: QuorumFault): void {
    if (kind === 'node-stop' || kind === 'node-loss') this.#harmNode(kind)
    else this.#harmProcess(kind)
  }

  #harmNode(kind: 'node-stop' | 'node-loss'): void {
    const { nodes, counters } = this.#run
    const node = this.#prng.pick(nodes as [(typeof nodes)[number]])
    if (!node.machine.running) return
    if (kind === 'node-loss') {
      counters.nodesLost += 1
      node.loseState()
    } else {
      counters.nodesStopped += 1
      node.machine.stop()
      this.#run.world.schedule(this.#durationMs, () => node.machine.resume())
    }
  }

  #harmProcess(kind: 'stop' | 'kill' | 'cut'): void {
    const { world, counters } = this.#run
    const host = this.#prng.pick(this.#living as [QuorumHost])
    if (!host.machine.running) return
    if (kind === 'stop') {
      host.machine.stop()
      world.schedule(this.#durationMs, () => host.machine.resume())
    } else if (kind === 'cut') {
      const link = this.#prng.pick(host.links as [QuorumHost['links'][number]])
      const direction = this.#prng.pick(['request', 'reply'] as const)
      link.cut[direction] = true
      world.schedule(this.#durationMs, () => (link.cut[direction] = false))
    } else {
      counters.processesKilled += 1
      host.machine.kill()
      this.#living = this.#living.filter((each) => each !== host)
      this.#addHost()
    }
  }

  /** From a stumble to well beyond the longest TTL. */
  get #durationMs(): number {
    const { maxTtlMs } = this.#run
    return this.#prng.pick([this.#prng.between([1, maxTtlMs / 4]), this.#prng.between([maxTtlMs / 4, maxTtlMs * 2])])
  }
}
