import type { Claim } from '@leasehold/core'
import type { LockOperation } from '@leasehold/core/conformance'
import { BeliefCheck } from './belief-check.ts'
import { ClaimAudit } from './claim-audit.ts'
import { ContenderCount } from './contender-count.ts'
import { type Counters, noEvents } from './counters.ts'
import type { Engine } from './engine.ts'
import { FencedRegister } from './fenced-register.ts'
import { HoldModel, type ModelHold } from './hold-model.ts'
import { LeaseBook, type LeaseEntry } from './lease-book.ts'
import { Machine } from './machine.ts'
import { OperationLog } from './operation-log.ts'
import { type Part, WHOLE } from './part.ts'
import { Prng } from './prng.ts'
import type { RunContext } from './run-context.ts'
import { MAX_DRIFT, planScenario, type Scenario } from './scenario.ts'
import { Server } from './server.ts'
import { TokenOrder } from './token-order.ts'
import { Trace } from './trace.ts'
import type { Rule, Violation } from './violation.ts'
import { World } from './world.ts'

/** A release and the grant that follows it, seen at the server, are one handover if no more time lies between. */
const HANDOVER_MS = 5
/** A run with more is broken beyond interest. */
const MOST_VIOLATIONS = 20

/** One run's world, its server and its checks; processes are added. */
export class Universe implements RunContext {
  readonly seed: number
  readonly engine: Engine
  readonly scenario: Scenario
  readonly world = new World()
  readonly server: Server
  readonly register: FencedRegister
  readonly counters: Counters = noEvents()
  readonly trace: Trace | undefined
  readonly operations: OperationLog | undefined
  readonly violations: Violation[] = []
  readonly book = new LeaseBook()
  readonly audit: ClaimAudit
  readonly contenders: ContenderCount
  readonly tokenOrder: TokenOrder
  readonly model: HoldModel
  readonly beliefs: BeliefCheck
  readonly #grants = new Map<string, ModelHold & { readonly generation: number }>()
  /** When the server lost its state: the ends of its generations. */
  readonly #lossesMs: number[] = []

  constructor(seed: number, engine: Engine, traced: boolean, searched: boolean) {
    this.seed = seed
    this.engine = engine
    this.scenario = planScenario(seed)
    this.trace = traced ? new Trace(() => this.world.nowMs) : undefined
    this.operations = searched ? new OperationLog(() => this.world.nowMs) : undefined
    this.server = this.#makeServer()
    this.register = new FencedRegister(new engine.FenceGuard(), this.report)
    this.audit = new ClaimAudit(this.report, (holder) =>
      this.trace === undefined ? '' : ` ${this.trace.holder(holder)}`,
    )
    this.contenders = new ContenderCount(this.report)
    this.tokenOrder = new TokenOrder(this.report, {
      slotsOf: (key, token) => this.partOf(key, token).slots,
      isExcused: (key, token) => this.#passedOnAfterStateLoss(key, token),
    })
    this.model = this.#makeModel()
    this.beliefs = this.#makeBeliefs()
  }

  readonly report = (rule: Rule, detail: string): void => {
    this.trace?.note('CHECK', `!!! ${rule}: ${detail}`)
    const known = this.violations.some((violation) => violation.rule === rule && violation.detail === detail)
    if (!known && this.violations.length < MOST_VIOLATIONS) this.violations.push({ rule, detail })
  }

  /** Called with the world at rest, after every event. */
  readonly observe = (): void => {
    this.server.flush(this.model)
    this.beliefs.look()
  }

  leased(key: string, token: bigint): void {
    const grant = this.#grants.get(`${key}/${token}`)
    if (grant === undefined)
      this.report('S1', `${key}: a process has a lease with token ${token}, which the server never granted`)
    else this.audit.leased(grant.holder)
    if (grant && token > grant.token) this.counters.passedOn += 1
  }

  partOf(key: string, token: bigint): Part {
    return this.#grants.get(`${key}/${token}`)?.part ?? WHOLE
  }

  /** What was asked of the lock server, as its clients saw it. */
  history(): readonly LockOperation[] {
    const holderOf = ({ key, token }: LeaseEntry) => this.#grants.get(`${key}/${token}`)?.holder
    return this.operations?.finish(this.book.unshared(), holderOf) ?? []
  }

  toldGone(process: string, claim: Claim): void {
    this.audit.gone(claim)
    for (const entry of this.book.open()) {
      const { holder } = this.#grants.get(`${entry.key}/${entry.token}`) ?? {}
      // Where a claim has been handed off, the answer may be meant for the lease before.
      const only = this.book.ofGrant(entry.key, entry.token).length === 1
      if (only && entry.machine.name === process && holder === claim.holder) this.beliefs.over(entry)
    }
  }

  loseServerState(): void {
    this.server.flush(this.model)
    this.model.forgetHolds()
    this.server.loseState()
    this.operations?.cleared(this.scenario.keys)
    this.#lossesMs.push(this.world.nowMs)
  }

  /** A machine whose clocks have a time and a rate of their own. */
  newMachine(name: string, prng: Prng): Machine {
    const { drift } = this.scenario
    const rate = () => 1 + prng.pick([-drift, 0, drift, prng.between([-drift, drift])])
    const monotonicRate = rate()
    const wallRate = prng.chance(0.5) ? monotonicRate : rate()
    const settings = {
      monotonicMs: prng.between([0, 1e6]),
      wallMs: prng.between([1.7e12, 1.7e12 + 1e7]),
      monotonicRate,
      wallRate,
    }
    return new Machine(this.world, name, settings, prng)
  }

  #makeServer(): Server {
    const prng = new Prng(this.seed, 'server')
    const rate = 1 + prng.pick([-this.scenario.drift, 0, this.scenario.drift])
    const settings = { monotonicMs: 0, wallMs: 0, monotonicRate: rate, wallRate: rate }
    const machine = new Machine(this.world, 'server', settings, prng)
    return new Server(this.engine, machine)
  }

  #makeModel(): HoldModel {
    return new HoldModel(this.report, {
      granted: (hold, last) => this.#granted(hold, last),
      renewedTooLate: () => {
        this.counters.lateRenewal += 1
      },
      released: (hold) => this.#released(hold),
      heldUntil: (hold) => this.#lookAtExpiry(hold),
    })
  }

  #granted(hold: ModelHold, last: ModelHold | undefined): void {
    this.trace?.note('server', `grants ${hold.key} to ${this.trace.holder(hold.holder)} with token ${hold.token}`)
    for (let token = hold.token; token <= hold.lastToken; token += 1n)
      this.#grants.set(`${hold.key}/${token}`, { ...hold, generation: this.#lossesMs.length })
    const nowMs = this.server.machine.clock.now().monotonicMs
    if (this.model.holdsAt(hold.key, nowMs).length > 1) this.counters.sideBySide += 1
    else if (last !== undefined && nowMs - last.expiresAtMs < HANDOVER_MS) this.counters.handover += 1
  }

  /** S5: what ends a hold is its owner's will, or its time. */
  #released(hold: ModelHold): void {
    this.trace?.note('server', `${hold.key} is released by ${this.trace.holder(hold.holder)}, token ${hold.token}`)
    const entries = this.#lastLeasesOf(hold)
    const wanted =
      entries.length === 0 || entries.some((entry) => entry.letGo || entry.machine.dead || entry.lease.remainingMs <= 0)
    if (!wanted)
      this.report(
        'S5',
        `${hold.key}: the hold of token ${hold.token} was released while its lease was valid and in use`,
      )
  }

  /** Of those that stood on it one after another, passed on inside the process. */
  #lastLeasesOf({ key, token: first, lastToken }: ModelHold): readonly LeaseEntry[] {
    for (let token = lastToken; token > first; token -= 1n) {
      const entries = this.book.ofGrant(key, token)
      if (entries.length > 0) return entries
    }
    return this.book.ofGrant(key, first)
  }

  /** Makes the moment an event, so that a lease that outlives its hold is seen. */
  #lookAtExpiry(hold: ModelHold): void {
    const { clock } = this.server.machine
    this.world.lookAfter(clock.trueMs(hold.expiresAtMs - clock.now().monotonicMs) + 0.01)
  }

  #makeBeliefs(): BeliefCheck {
    const truth = {
      nowMs: () => this.world.nowMs,
      holds: (key: string) => this.model.holdsAt(key, this.server.machine.clock.now().monotonicMs),
      excusedByStateLoss: (key: string, token: bigint) => this.#excusedByStateLoss(key, token),
    }
    return new BeliefCheck(this.book, truth, this.report)
  }

  #passedOnAfterStateLoss(key: string, token: bigint): boolean {
    const grant = this.#grants.get(`${key}/${token}`)
    return grant !== undefined && token > grant.token && this.#excusedByStateLoss(key, token)
  }

  /** Nobody tells the holder: it trusts its lease for what is left of the TTL. */
  #excusedByStateLoss(key: string, token: bigint): boolean {
    const grant = this.#grants.get(`${key}/${token}`)
    const lostAtMs = this.#lossesMs[grant?.generation ?? this.#lossesMs.length]
    const longestMs = Math.max(...this.scenario.ttlsMs) * (1 + MAX_DRIFT)
    return lostAtMs !== undefined && this.world.nowMs - lostAtMs <= longestMs
  }
}
