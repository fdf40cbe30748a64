import { AsyncResource } from 'node:async_hooks'
import type { CloseReport, LockEvent, Locks } from '@leasehold/core'
import { Link, type LinkLog } from './link.ts'
import type { Machine } from './machine.ts'
import type { Prng } from './prng.ts'
import { RemoteBackend } from './remote-backend.ts'
import { ResourceClient } from './resource-client.ts'
import type { RunContext } from './run-context.ts'
import { wireLog } from './wire-log.ts'

/** One process: its machine, its locks, and its connections to the lock server and to the fenced resource. */
export class Host {
  readonly machine: Machine
  readonly locks: Locks
  readonly links: readonly Link[]
  readonly resource: ResourceClient
  readonly prng: Prng
  stopping = false
  /** Holders whose handles are being taken up here, or were and are in use. */
  readonly takenUp = new Set<string>()
  closed: CloseReport | undefined
  #actors = 0
  readonly #run: RunContext
  readonly #sleepers = new Set<() => void>()

  constructor(run: RunContext, machine: Machine, prng: Prng) {
    this.#run = run
    this.machine = machine
    this.prng = prng
    const { world, scenario, server, register } = run
    const lockLink = new Link(world, prng, scenario.conditions, this.#linkLog('lock server'))
    const resourceLink = new Link(world, prng, scenario.resourceConditions, this.#linkLog('resource'))
    this.links = [lockLink, resourceLink]
    this.resource = new ResourceClient(machine, resourceLink, register, (ms) => this.sleep(ms))
    const backend = new RemoteBackend(machine, lockLink, server, scenario.style, wireLog(run, machine.name), run.world)
    const noted = run.operations?.backendOf(machine.name, backend, () => lockLink.duplicated.request)
    this.locks = run.engine.createLocks(noted ?? backend, {
      clock: machine.timers,
      random: () => prng.fraction(),
      requestTimeoutMs: scenario.requestTimeoutMs,
      pollMs: scenario.pollMs,
      onEvent: (event) => this.#onEvent(event),
    })
  }

  get name(): string {
    return this.machine.name
  }

  /** Programs under way. */
  get actors(): number {
    return this.#actors
  }

  /** Starts a program in this process, in an asynchronous context of its own. It must not reject. */
  start(program: () => Promise<void>): void {
    if (this.machine.dead) return
    this.#actors += 1
    const begin = async () => {
      await program()
      this.#actors -= 1
    }
    this.machine.deliver('message', () => void new AsyncResource('actor').runInAsyncScope(begin))
  }

  /** Ends early when the process is told to stop. */
  async sleep(ms: number): Promise<void> {
    if (this.stopping) return
    await new Promise<void>((resolve) => {
      const wake = () => {
        cancel()
        this.#sleepers.delete(wake)
        resolve()
      }
      const cancel = this.machine.driverTimers.setTimer(ms, wake)
      this.#sleepers.add(wake)
    })
  }

  /** Asks all programs of this process to come to an end. */
  stop(): void {
    this.machine.deliver('message', () => {
      this.stopping = true
      for (const wake of [...this.#sleepers]) wake()
    })
  }

  async close(): Promise<void> {
    this.stopping = true
    for (const entry of this.#run.book.open()) if (entry.machine === this.machine) entry.letGo = true
    this.closed = await this.locks.close()
    this.#run.trace?.note(this.name, `closed, ${this.closed.released} leases released`)
    if (this.machine.timers.armed > 0)
      this.#run.report('L6', `${this.name} has ${this.machine.timers.armed} timers after close`)
    if (this.closed.backendError !== undefined)
      this.#run.report('L6', `${this.name} could not close: ${this.closed.backendError.message}`)
  }

  #linkLog(to: string): LinkLog {
    const { counters, trace } = this.#run
    return {
      lost: (direction) => {
        counters.messagesLost += 1
        trace?.note(this.name, `   a ${direction} is lost (${to})`)
      },
      duplicated: (direction) => {
        counters.messagesDuplicated += 1
        trace?.note(this.name, `   a ${direction} is sent twice (${to})`)
      },
    }
  }

  #onEvent(event: LockEvent): void {
    const { counters, trace } = this.#run
    trace?.note(this.name, `   event ${describe(event)}`)
    if (this.#run.scenario.calm && isTrouble(event))
      this.#run.report('L5', `${this.name} saw ${describe(event)} although all was well`)
    if (event.type === 'lost' && event.reason === 'expired') counters.expiryWhileHeld += 1
    if (event.type === 'backend-error' && event.operation === 'acquire') counters.unknownAcquire += 1
    if (event.type === 'handed-off') counters.handedOff += 1
    if (event.type === 'resumed') counters.resumed += 1
    if (event.type === 'acquired') counters.acquired += 1
    if (event.type === 'waiting') counters.contended += 1
  }
}

const isTrouble = (event: LockEvent): boolean =>
  event.type === 'jeopardy' || event.type === 'backend-error' || (event.type === 'lost' && event.reason !== 'max-hold')

function describe(event: LockEvent): string {
  const token = 'fencingToken' in event ? ` token ${event.fencingToken}` : ''
  const reason = 'reason' in event ? ` (${event.reason})` : ''
  return `${event.type} ${event.key}${token}${reason}`
}
