import type {
  Capabilities,
  Claim,
  Clock,
  Contended,
  Grant,
  Inspection,
  Instant,
  LockBackend,
  Renewal,
  RenewedClaim,
  Terms,
} from '@leasehold/core'
import type { Link } from './link.ts'
import type { Machine } from './machine.ts'
import { remoteCall } from './remote-call.ts'
import type { BroughtGrant, Server } from './server.ts'
import type { World } from './world.ts'

/** Sees what a process sends to the lock server and what it reads. */
export interface WireLog {
  acquireSent(claim: Claim): void
  acquireAnswered(claim: Claim, granted: boolean): void
  /** An error, or a hint: it may have been granted or not. */
  acquireFailed(claim: Claim): void
  waitBegan(claim: Claim): void
  waitEnded(claim: Claim): void
  waitBrought(claim: Claim): void
  renewSent(claims: readonly Claim[]): void
  renewAnswered(claims: readonly Claim[], answers: readonly Renewal[]): void
  releaseSent(claim: Claim): void
  closed(): void
}

/** How a driver may differ from another within the contract. */
export interface DriverStyle {
  /** A wait brings the grant itself; otherwise it only hints that it is time to try. */
  readonly waitBringsGrant: boolean
  /** An aborted wait ends when the server's answer comes, which may be a grant; otherwise at once. */
  readonly abortAwaitsServer: boolean
}

/** Rates of two clocks differ by up to 1%: a wait measured by the server is that much uncertain at the client. */
const WAIT_UNCERTAINTY = 0.985
const ABORT_PATIENCE_MS = 40
/** By then the server has noticed that nobody listens, though the message that says so was lost. */
export const BROKEN_CONNECTION_MS = 300

/** What a driver is to a process: the lock server at the other end of a bad network. Never sends anything twice. */
export class RemoteBackend implements LockBackend {
  readonly name = 'simulated'
  readonly capabilities: Capabilities
  readonly #machine: Machine
  readonly #clock: Clock
  readonly #link: Link
  readonly #server: Server
  readonly #style: DriverStyle
  readonly #log: WireLog
  readonly #world: World
  #waits = 0

  constructor(machine: Machine, link: Link, server: Server, style: DriverStyle, log: WireLog, world: World) {
    this.#machine = machine
    this.#clock = machine.timers
    this.#link = link
    this.#server = server
    this.capabilities = server.capabilities
    this.#world = world
    this.#style = style
    this.#log = log
  }

  async tryAcquire(claim: Claim, terms: Terms): Promise<Grant | Contended> {
    this.#log.acquireSent(claim)
    const answer = await this.#call(
      () => this.#server.tryAcquire(this.#machine.name, claim, terms),
      () => this.#log.acquireFailed(claim),
    )
    this.#log.acquireAnswered(claim, answer.granted)
    return answer
  }

  async tryAcquireAll(claims: readonly Claim[], terms: Terms): Promise<readonly Grant[] | Contended> {
    for (const claim of claims) this.#log.acquireSent(claim)
    const answer = await this.#call(
      () => this.#server.tryAcquireAll(this.#machine.name, claims, terms),
      () => {
        for (const claim of claims) this.#log.acquireFailed(claim)
      },
    )
    for (const claim of claims) this.#log.acquireAnswered(claim, Array.isArray(answer))
    return answer
  }

  async renew(renewals: readonly RenewedClaim[]): Promise<readonly Renewal[]> {
    this.#log.renewSent(renewals)
    const answers = await this.#call(() => this.#server.renew(this.#machine.name, renewals))
    this.#log.renewAnswered(renewals, answers)
    return answers
  }

  release(claim: Claim): Promise<boolean> {
    this.#log.releaseSent(claim)
    return this.#call(() => this.#server.release(this.#machine.name, claim))
  }

  inspect(key: string): Promise<readonly Inspection[]> {
    return this.#call(() => this.#server.inspect(this.#machine.name, key))
  }

  async close(): Promise<void> {
    this.#log.closed()
  }

  async waitForTurn(claim: Claim, terms: Terms, signal: AbortSignal): Promise<Grant | undefined> {
    const ended = () => this.#log.waitEnded(claim)
    this.#log.waitBegan(claim)
    this.#log.acquireSent(claim)
    signal.addEventListener('abort', ended, { once: true })
    try {
      return await this.#wait(claim, terms, signal)
    } finally {
      signal.removeEventListener('abort', ended)
      ended()
    }
  }

  async #wait(claim: Claim, terms: Terms, signal: AbortSignal): Promise<Grant | undefined> {
    this.#waits += 1
    const id = `${this.#waits}`
    const sentAt = this.#clock.now()
    const answer = this.#call(
      () => this.#server.wait(this.#machine.name, id, claim, terms),
      () => this.#waitFailed(id, claim),
    )
    const brought = await this.#untilAborted(answer, id, signal)
    if (brought === 'aborted') return undefined
    if (brought === undefined || !this.#style.waitBringsGrant) {
      this.#log.acquireFailed(claim)
      return undefined
    }
    this.#log.acquireAnswered(claim, true)
    this.#log.waitBrought(claim)
    return { ...brought.grant, since: this.#since(sentAt, brought.waitedMs) }
  }

  #waitFailed(id: string, claim: Claim): void {
    this.#log.acquireFailed(claim)
    this.#world.schedule(BROKEN_CONNECTION_MS, () => this.#server.stopWaiting(this.#machine.name, id))
  }

  /** The server's waiting time, counted from the send; never later than now, in case this machine slept meanwhile. */
  #since(sentAt: Instant, waitedMs: number): Instant {
    const now = this.#clock.now()
    const countedMs = Math.max(0, waitedMs) * WAIT_UNCERTAINTY
    return {
      monotonicMs: Math.min(now.monotonicMs, sentAt.monotonicMs + countedMs),
      wallMs: Math.min(now.wallMs, sentAt.wallMs + countedMs),
    }
  }

  #untilAborted(
    answer: Promise<BroughtGrant | undefined>,
    id: string,
    signal: AbortSignal,
  ): Promise<BroughtGrant | 'aborted' | undefined> {
    return new Promise((resolve, reject) => {
      const onAbort = () => this.#stopWaiting(id, () => resolve('aborted'))
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort, { once: true })
      answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
    })
  }

  #stopWaiting(id: string, aborted: () => void): void {
    const stop = () => this.#server.stopWaiting(this.#machine.name, id)
    this.#link.send('request', stop, () => {})
    this.#world.schedule(BROKEN_CONNECTION_MS, stop)
    if (this.#style.abortAwaitsServer) this.#machine.driverTimers.setTimer(ABORT_PATIENCE_MS, aborted)
    else aborted()
  }

  async #call<T>(serve: () => Promise<T>, failed: () => void = () => {}): Promise<T> {
    try {
      return await remoteCall(this.#link, this.#machine, serve)
    } catch (error) {
      failed()
      throw error
    }
  }
}
