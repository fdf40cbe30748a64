import type { Host } from './host.ts'
import type { Machine } from './machine.ts'
import type { Prng } from './prng.ts'
import type { RunContext } from './run-context.ts'
import type { FaultKind } from './scenario.ts'

/** What faults may do to the processes of a run. */
export interface Victims {
  hosts(): readonly Host[]
  /** The process is gone, without a word to anybody; another takes its place. */
  kill(host: Host): void
  /** The process closes its locks in good order; another takes its place. */
  restart(host: Host): void
  loseServerState(): void
}

/** Makes faults of the kinds that the scenario allows, until it is told to heal. */
export class Faults {
  readonly #run: RunContext
  readonly #prng: Prng
  readonly #victims: Victims
  readonly #wallClocks = new Map<string, 'steps' | 'stands'>()
  #healed = false

  constructor(run: RunContext, prng: Prng, victims: Victims) {
    this.#run = run
    this.#prng = prng
    this.#victims = victims
  }

  begin(): void {
    const { world, scenario } = this.#run
    world.schedule(this.#prng.interval(scenario.faultIntervalMs), () => {
      if (this.#healed) return
      const [first, ...rest] = scenario.faults
      if (first !== undefined) this.#cause(this.#prng.pick([first, ...rest]))
      this.begin()
    })
  }

  heal(): void {
    this.#healed = true
    this.#run.server.machine.resume()
    for (const host of this.#victims.hosts()) {
      host.machine.resume()
      for (const link of host.links) link.cut.request = link.cut.reply = false
    }
  }

  #cause(kind: FaultKind): void {
    if (kind === 'server-stop') this.#stopServer()
    else if (kind === 'server-loss') this.#loseState()
    else this.#strikeAny(kind)
  }

  #strikeAny(kind: FaultKind): void {
    const [first, ...rest] = this.#victims.hosts().filter(({ machine }) => machine.running)
    if (first !== undefined) this.#strike(kind, this.#prng.pick([first, ...rest]))
  }

  #strike(kind: FaultKind, host: Host): void {
    if (kind === 'stop') this.#stop(host)
    if (kind === 'suspend') this.#suspend(host)
    if (kind === 'kill') this.#victims.kill(host)
    if (kind === 'restart') this.#victims.restart(host)
    if (kind === 'set-wall') this.#setWall(host)
    if (kind === 'cut-requests' || kind === 'cut-both') this.#cut(host, 'request')
    if (kind === 'cut-replies' || kind === 'cut-both') this.#cut(host, 'reply')
  }

  #stop({ machine }: Host): void {
    this.#run.counters.processStopped += 1
    machine.stop()
    this.#resumeLater(machine)
  }

  #suspend({ machine, name }: Host): void {
    if (this.#wallClock(name) === 'steps') return
    this.#run.counters.machineSuspended += 1
    machine.suspend()
    this.#resumeLater(machine)
  }

  #setWall({ machine, name }: Host): void {
    if (this.#wallClock(name) === 'stands') return
    this.#run.counters.wallClockSet += 1
    const byMs = this.#prng.between([-3000, 3000])
    this.#run.trace?.note(name, `*** the wall clock is set by ${byMs.toFixed(1)} ms`)
    machine.setWallBy(byMs)
  }

  /** No clock of a machine tells the truth when it both sleeps and has its wall clock set back: no lock can be safe there. */
  #wallClock(name: string): 'steps' | 'stands' {
    const behaviour = this.#wallClocks.get(name) ?? this.#prng.pick(['steps', 'stands'])
    this.#wallClocks.set(name, behaviour)
    return behaviour
  }

  #stopServer(): void {
    const { machine } = this.#run.server
    if (!machine.running) return
    this.#run.counters.serverStopped += 1
    machine.stop()
    this.#resumeLater(machine)
  }

  #loseState(): void {
    if (!this.#run.server.machine.running) return
    this.#run.counters.stateLoss += 1
    this.#run.trace?.note('server', '*** restarts with empty memory')
    this.#victims.loseServerState()
  }

  #cut(host: Host, direction: 'request' | 'reply'): void {
    const link = this.#prng.pick(host.links as [Host['links'][number]])
    link.cut[direction] = true
    this.#run.trace?.note(host.name, `*** every ${direction} gets lost from here on`)
    this.#run.world.schedule(this.#duration(), () => {
      link.cut[direction] = false
      this.#run.trace?.note(host.name, `*** each ${direction} gets through again`)
    })
  }

  #resumeLater(machine: Machine): void {
    this.#run.trace?.note(machine.name, machine.clock.suspended ? '*** the machine goes to sleep' : '*** stopped')
    this.#run.world.schedule(this.#duration(), () => {
      if (!machine.running && !machine.dead) this.#run.trace?.note(machine.name, '*** goes on')
      machine.resume()
    })
  }

  /** From a stumble to well beyond the longest TTL. */
  #duration(): number {
    const ttlMs = this.#prng.pick(this.#run.scenario.ttlsMs)
    return this.#prng.pick([
      this.#prng.between([1, ttlMs / 4]),
      this.#prng.between([ttlMs / 4, ttlMs]),
      this.#prng.between([ttlMs, ttlMs * 2]),
    ])
  }
}
