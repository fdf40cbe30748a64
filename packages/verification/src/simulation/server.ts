import type {
  Capabilities,
  Claim,
  Contended,
  Grant,
  Inspection,
  LockBackend,
  Renewal,
  RenewedClaim,
  Terms,
} from '@leasehold/core'
import type { Engine } from './engine.ts'
import type { Granted, HoldModel, ServerFact } from './hold-model.ts'
import type { Machine } from './machine.ts'
import type { MachineTimers } from './machine-timers.ts'
import { partOf } from './part.ts'
import { ConnectionReset } from './remote-call.ts'

/** A grant that a wait brought, and how long the server had it waiting: a duration, since clocks of two machines have nothing in common. */
export interface BroughtGrant {
  readonly grant: Grant
  readonly waitedMs: number
}

/** One life of the server, from a start with empty memory to its end. */
interface Generation {
  readonly store: InstanceType<Engine['MemoryStore']>
  readonly sessions: Map<string, LockBackend>
  readonly waits: Map<string, AbortController>
  /** Waits that have begun or were called off: one that comes (again) is out of date. */
  readonly knownWaits: Set<string>
  readonly pending: Set<(error: Error) => void>
}

/** The lock server: a memory store on a machine of its own, with a session for each process, and a record of what it answered. */
export class Server {
  readonly machine: Machine
  readonly capabilities: Capabilities
  readonly #engine: Engine
  #timers: MachineTimers
  #generation: Generation
  #facts: ServerFact[] = []
  readonly #ended = new Set<string>()

  constructor(engine: Engine, machine: Machine) {
    this.#engine = engine
    this.machine = machine
    this.#timers = machine.newTimers()
    this.#generation = this.#begin()
    this.capabilities = engine.memoryBackend({ store: this.#generation.store }).capabilities
  }

  get armedTimers(): number {
    return this.#timers.armed
  }

  get waits(): number {
    return this.#generation.waits.size
  }

  /** Keys that are held. */
  get heldKeys(): number {
    return this.#generation.store.size
  }

  /** Tells the model what was answered since the last time. */
  flush(model: HoldModel): void {
    if (this.#facts.length === 0) return
    const facts = this.#facts
    this.#facts = []
    const { monotonicMs } = this.machine.clock.now()
    for (const fact of inOrder(facts)) model.apply(fact, monotonicMs)
  }

  /** The process restarts with nothing in memory. Whoever waits for an answer sees the connection break. */
  loseState(): void {
    this.#timers.clear()
    this.#timers = this.machine.newTimers()
    const { pending } = this.#generation
    this.#generation = this.#begin()
    for (const reject of pending) reject(new ConnectionReset('the server has restarted'))
  }

  /** The server learns that a process is gone: whatever waits for it goes, too. */
  endSession(process: string): void {
    this.#ended.add(process)
    for (const [id, wait] of this.#generation.waits) if (id.startsWith(`${process} `)) wait.abort()
  }

  tryAcquire(process: string, claim: Claim, terms: Terms): Promise<Grant | Contended> {
    return this.#perform(process, async (backend) => {
      const answer = await backend.tryAcquire(claim, terms)
      if (answer.granted) this.#granted(claim, answer)
      return withoutInstant(answer)
    })
  }

  tryAcquireAll(process: string, claims: readonly Claim[], terms: Terms): Promise<readonly Grant[] | Contended> {
    return this.#perform(process, async (backend) => {
      const answer = await backend.tryAcquireAll?.(claims, terms)
      if (!Array.isArray(answer)) return answer as Contended
      const grants: readonly Grant[] = answer
      for (const [index, grant] of grants.entries()) this.#granted(claims[index] as Claim, grant)
      return grants.map(withoutInstant)
    })
  }

  renew(process: string, renewals: readonly RenewedClaim[]): Promise<readonly Renewal[]> {
    return this.#perform(process, async (backend) => {
      const answers = await backend.renew(renewals)
      for (const [index, answer] of answers.entries()) this.#renewed(renewals[index] as Claim, answer)
      return answers.map((answer) => (typeof answer === 'string' ? answer : withoutInstant(answer)))
    })
  }

  release(process: string, claim: Claim): Promise<boolean> {
    return this.#perform(process, async (backend) => {
      const endedHold = await backend.release(claim)
      this.#facts.push({ type: 'released', ...claim, endedHold })
      return endedHold
    })
  }

  inspect(process: string, key: string): Promise<readonly Inspection[]> {
    return this.#perform(process, async (backend) => (await backend.inspect?.(key)) ?? [])
  }

  /** `id` names the wait for `stopWaiting`. */
  wait(process: string, id: string, claim: Claim, terms: Terms): Promise<BroughtGrant | undefined> {
    return this.#perform(process, async (backend) => {
      const { waits, knownWaits } = this.#generation
      if (knownWaits.has(`${process} ${id}`) || this.#ended.has(process)) return NEVER
      const stop = new AbortController()
      waits.set(`${process} ${id}`, stop)
      knownWaits.add(`${process} ${id}`)
      const arrivedMs = this.machine.clock.now().monotonicMs
      const grant = await backend.waitForTurn?.(claim, terms, stop.signal)
      waits.delete(`${process} ${id}`)
      if (grant === undefined) return undefined
      this.#granted(claim, grant)
      const sinceMs = grant.since?.monotonicMs ?? arrivedMs
      return { grant: withoutInstant(grant), waitedMs: sinceMs - arrivedMs }
    })
  }

  stopWaiting(process: string, id: string): void {
    const { waits, knownWaits } = this.#generation
    this.machine.deliver('message', () => {
      knownWaits.add(`${process} ${id}`)
      waits.get(`${process} ${id}`)?.abort()
    })
  }

  #begin(): Generation {
    // A floor by time: tokens go on increasing although everything else is forgotten.
    const firstToken = BigInt(Math.floor(this.machine.clock.now().wallMs * 1000)) + 1n
    const store = new this.#engine.MemoryStore({ clock: this.#timers, firstToken })
    return { store, sessions: new Map(), waits: new Map(), knownWaits: new Set(), pending: new Set() }
  }

  #session(process: string): LockBackend {
    const { sessions, store } = this.#generation
    const session = sessions.get(process) ?? this.#engine.memoryBackend({ store })
    sessions.set(process, session)
    return session
  }

  /** Serves a request in the server's own time. */
  #perform<T>(process: string, serve: (backend: LockBackend) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.machine.deliver('message', () => {
        const { pending } = this.#generation
        pending.add(reject)
        serve(this.#session(process))
          .then(resolve, reject)
          .finally(() => pending.delete(reject))
      })
    })
  }

  #granted(claim: Claim, grant: Grant): void {
    const { fencingToken: token, reserved = 0, ttlMs } = grant
    const { key, holder } = claim
    const lastToken = token + BigInt(reserved)
    this.#facts.push({ type: 'granted', key, holder, token, lastToken, ttlMs, part: partOf(claim, grant) })
  }

  #renewed({ key, holder }: Claim, answer: Renewal): void {
    if (typeof answer === 'object')
      this.#facts.push({ type: 'renewed', key, holder, token: answer.fencingToken, ttlMs: answer.ttlMs })
    else if (answer !== 'unknown') this.#facts.push({ type: 'gone', key, holder })
  }
}

/** A request that is out of date has no answer. */
const NEVER = new Promise<never>(() => {})

/**
 * The facts of one step in the order in which they became true; answers may be seen in another. A release makes room for a grant, and the
 * release of a claim whose turn came in the same step follows its grant. Of parts that were granted together, tokens alone tell the order.
 */
function inOrder(facts: readonly ServerFact[]): readonly ServerFact[] {
  if (facts.length === 1) return facts
  const releases = facts.filter(({ type }) => type === 'released')
  const others = partsByToken(facts.filter(({ type }) => type !== 'released'))
  const isGranted = ({ holder }: ServerFact) => others.some((fact) => fact.type === 'granted' && fact.holder === holder)
  const following = (fact: ServerFact) => [fact, ...releases.filter(({ holder }) => holder === fact.holder)]
  return [...releases.filter((release) => !isGranted(release)), ...others.flatMap(following)]
}

/** Everything else stays where it is. */
function partsByToken(facts: readonly ServerFact[]): readonly ServerFact[] {
  const ordered = [...facts]
  const places = new Map<string, number[]>()
  for (const [place, fact] of facts.entries()) {
    if (fact.type !== 'granted' || !fact.part.kind) continue
    const name = `${fact.part.kind} ${fact.key}`
    places.set(name, [...(places.get(name) ?? []), place])
  }
  for (const each of places.values()) {
    const grants = each.map((place) => facts[place] as Granted).sort((one, other) => Number(one.token - other.token))
    for (const [nth, place] of each.entries()) ordered[place] = grants[nth] as Granted
  }
  return ordered
}

/** The server's clock says nothing to its clients. */
function withoutInstant<T extends Grant | Contended>(answer: T): T {
  if (!answer.granted) return answer
  const { since: _, ...rest } = answer as Grant
  return rest as T
}
