import { Faults, type Victims } from './faults.ts'
import { Host } from './host.ts'
import { Prng } from './prng.ts'
import { Program } from './program.ts'
import { BROKEN_CONNECTION_MS } from './remote-backend.ts'
import { HEALTHY } from './scenario.ts'
import type { Universe } from './universe.ts'

/** The processes of a run: those that live, and what becomes of them. */
export class Population implements Victims {
  readonly #universe: Universe
  readonly #faults: Faults
  #living: Host[] = []
  readonly #leaving: Host[] = []
  #born = 0

  constructor(universe: Universe) {
    this.#universe = universe
    this.#faults = new Faults(universe, new Prng(universe.seed, 'faults'), this)
  }

  hosts(): readonly Host[] {
    return this.#living
  }

  begin(): void {
    for (let count = this.#universe.scenario.processes; count > 0; count -= 1) this.#startWorking(this.addHost())
    this.#faults.begin()
  }

  addHost(): Host {
    this.#born += 1
    const prng = new Prng(this.#universe.seed, `process ${this.#born}`)
    const host = new Host(this.#universe, this.#universe.newMachine(`p${this.#born}`, prng), prng)
    this.#living = [...this.#living, host]
    return host
  }

  kill(host: Host): void {
    const { world, server, audit, counters, trace } = this.#universe
    trace?.note(host.name, '*** killed')
    counters.processKilled += 1
    host.machine.kill()
    audit.died(host.name)
    world.schedule(BROKEN_CONNECTION_MS, () => server.machine.deliver('message', () => server.endSession(host.name)))
    this.#replace(host)
  }

  restart(host: Host): void {
    this.#universe.trace?.note(host.name, '*** closes')
    host.start(() => host.close())
    this.#replace(host)
  }

  loseServerState(): void {
    this.#universe.loseServerState()
  }

  /** The living, the dead, and those that have closed or are about to. */
  get everybody(): readonly Host[] {
    return [...this.#living, ...this.#leaving]
  }

  /** All faults end, and every process is asked to finish. Messages under way keep their delays. */
  heal(): void {
    this.#faults.heal()
    for (const host of this.everybody) this.#healHost(host)
  }

  /** No program runs in any living process. */
  get idle(): boolean {
    return this.everybody.every((host) => host.machine.dead || host.actors === 0)
  }

  #healHost(host: Host): void {
    for (const link of host.links) link.conditions = HEALTHY
    host.stop()
  }

  #replace(host: Host): void {
    this.#living = this.#living.filter((each) => each !== host)
    this.#leaving.push(host)
    this.#startWorking(this.addHost())
  }

  #startWorking(host: Host): void {
    for (let actors = this.#universe.scenario.actorsPerProcess; actors > 0; actors -= 1) {
      const program = new Program(this.#universe, host, () => this.#living)
      host.start(() => program.loop())
    }
  }
}
