import type { Share } from '../contract.ts'

/**
 * What processes note while they use locks. `at` and `validUntil` are readings of one clock that they share, such as
 * `process.hrtime.bigint()` on one machine. `lease` names one attempt, and the lease that came of it.
 */
export type HistoryEvent =
  | { readonly type: 'asked'; readonly lease: string; readonly at: bigint }
  /** Noted when the answer came. `validUntil`: now and the lease's remaining time. */
  | {
      readonly type: 'granted'
      readonly lease: string
      readonly key: string
      readonly at: bigint
      readonly validUntil: bigint
      readonly fencingToken: bigint
      /** Of a part of the key: its kind. */
      readonly kind?: Share['kind']
      /** Which permits. */
      readonly slots?: readonly number[]
    }
  | { readonly type: 'renewed'; readonly lease: string; readonly validUntil: bigint }
  /** Noted before the release is sent, or when the loss is known. */
  | { readonly type: 'ended'; readonly lease: string; readonly at: bigint }
  /** Noted by a resource that refuses stale tokens, in the order in which it accepted. */
  | { readonly type: 'accepted'; readonly key: string; readonly fencingToken: bigint }

interface LeaseRecord {
  readonly name: string
  readonly key: string
  readonly askedAt: bigint
  readonly grantedAt: bigint
  readonly fencingToken: bigint
  readonly kind?: Share['kind']
  readonly slots?: readonly number[]
  validUntil: bigint
}

/**
 * Checks a history against the contract, per key, and returns what is wrong in sentences:
 * valid leases overlap that do not stand together; a lease that was asked for after another was granted has no greater token; accepted writes go back.
 * The events of one process must stand in its order; those of different processes may be mixed in any way.
 *
 * It takes as long as the history is, and looks at granted leases alone. `searchHistory` looks at every answer.
 */
export function checkHistory(events: readonly HistoryEvent[]): string[] {
  const perKey = [...byKey(leasesOf(events)).values()].flatMap((leases) => [
    ...overlaps(leases),
    ...tokensOutOfOrder(leases),
  ])
  return [...perKey, ...writesGoingBack(events)]
}

function byKey(leases: readonly LeaseRecord[]): Map<string, LeaseRecord[]> {
  const keys = new Map<string, LeaseRecord[]>()
  for (const lease of leases) {
    const ofKey = keys.get(lease.key)
    if (ofKey === undefined) keys.set(lease.key, [lease])
    else ofKey.push(lease)
  }
  return keys
}

function leasesOf(events: readonly HistoryEvent[]): LeaseRecord[] {
  const askedAt = new Map<string, bigint>()
  const leases = new Map<string, LeaseRecord>()
  for (const event of events) {
    if (event.type === 'asked') askedAt.set(event.lease, event.at)
    if (event.type === 'granted') {
      const { lease: name, at: grantedAt, ...grant } = event
      leases.set(name, { ...grant, name, grantedAt, askedAt: askedAt.get(name) ?? grantedAt })
    }
    if (event.type === 'renewed' || event.type === 'ended') amend(leases.get(event.lease), event)
  }
  return [...leases.values()]
}

function amend(lease: LeaseRecord | undefined, event: HistoryEvent & { type: 'renewed' | 'ended' }): void {
  if (lease === undefined) return
  if (event.type === 'renewed') lease.validUntil = event.validUntil
  else if (event.at < lease.validUntil) lease.validUntil = event.at
}

const by =
  <T>(read: (item: T) => bigint) =>
  (a: T, b: T): number =>
    Number(read(a) - read(b))

/** Of each part of a key, the lease that is valid for longest. */
function* overlaps(leases: readonly LeaseRecord[]): Iterable<string> {
  const longest = new Map<string, LeaseRecord>()
  for (const lease of [...leases].sort(by(({ grantedAt }) => grantedAt))) {
    const mine = partsOf(lease)
    const inTheWay = [...longest].find(
      ([part, { validUntil }]) => validUntil > lease.grantedAt && !standsBeside(lease, mine, part),
    )
    if (inTheWay) {
      const [, { name, validUntil }] = inTheWay
      yield `${lease.key}: ${lease.name} was granted while ${name} was valid for another ${validUntil - lease.grantedAt}`
    }
    for (const part of mine) {
      const before = longest.get(part)
      if (before === undefined || lease.validUntil > before.validUntil) longest.set(part, lease)
    }
  }
}

const partsOf = ({ kind, slots = [] }: LeaseRecord): string[] =>
  kind === 'permits' ? slots.map((slot) => `permits ${slot}`) : [kind ?? 'all']

/** Readers stand beside readers, and permits beside those of other slots. */
const standsBeside = (lease: LeaseRecord, mine: readonly string[], part: string): boolean =>
  (lease.kind === 'shared' && part === 'shared') || isOtherSlot(lease, mine, part)

const isOtherSlot = ({ kind }: LeaseRecord, mine: readonly string[], part: string): boolean =>
  kind === 'permits' && part.startsWith(kind) && !mine.includes(part)

/**
 * Leases asked for at the same time may be granted in any order; but no two ever have the same token. Permits of other slots have an order of their own.
 */
function* tokensOutOfOrder(leases: readonly LeaseRecord[]): Iterable<string> {
  const granted = [...leases].sort(by(({ grantedAt }) => grantedAt))
  const highest = new Map<string, LeaseRecord>()
  let next = 0
  for (const lease of [...leases].sort(by(({ askedAt }) => askedAt))) {
    for (let before = granted[next]; before !== undefined && before.grantedAt < lease.askedAt; before = granted[next]) {
      for (const part of partsOf(before)) raise(highest, part, before)
      next += 1
    }
    const mine = partsOf(lease)
    const inTheWay = [...highest].find(
      ([part, { fencingToken }]) => lease.fencingToken <= fencingToken && !isOtherSlot(lease, mine, part),
    )
    if (inTheWay) {
      const [, { name, fencingToken }] = inTheWay
      yield `${lease.key}: ${lease.name} got token ${lease.fencingToken}, after ${name} had got ${fencingToken}`
    }
  }
  const tokens = new Set(leases.map(({ fencingToken }) => fencingToken))
  if (tokens.size < leases.length) yield `${leases[0]?.key}: two leases have the same token`
}

function raise(highest: Map<string, LeaseRecord>, part: string, lease: LeaseRecord): void {
  const before = highest.get(part)
  if (before === undefined || lease.fencingToken > before.fencingToken) highest.set(part, lease)
}

function* writesGoingBack(events: readonly HistoryEvent[]): Iterable<string> {
  const highest = new Map<string, bigint>()
  for (const event of events) {
    if (event.type !== 'accepted') continue
    const before = highest.get(event.key) ?? 0n
    if (event.fencingToken < before)
      yield `${event.key}: a write with token ${event.fencingToken} was accepted after one with ${before}`
    else highest.set(event.key, event.fencingToken)
  }
}
