import type { AcquireOperation, LockOperation, SearchOptions } from './operation.ts'

/** An operation as the search sees it: times as numbers, counted from one of its key. */
export interface Step {
  readonly source: LockOperation
  readonly call: number
  /** Infinity: it may take effect at any time. */
  readonly ret: number
  /** It has taken effect. Otherwise it may have, or never. */
  readonly must: boolean
  /** The earliest expiry of the hold that it began or prolonged. */
  readonly earliest: number
  /** How long after it took effect the hold is over at the latest. Infinity: nothing is known. */
  readonly lasts: number
}

/**
 * The steps of one key, in the order in which they were called. What is called after `end` is left out, and what returned after it may have taken effect or not: the beginning of a history that
 * can be explained can be explained.
 */
export function prepare(operations: readonly LockOperation[], options: SearchOptions, end?: bigint): Step[] {
  const { mayRefuse = false, clockError = 0n } = options
  const base = operations[0]?.called ?? 0n
  const within = end === undefined ? operations : calledBy(end, operations, clockError)
  const steps = within.map((source) => stepOf(source, base, options, end)).sort((a, b) => a.call - b.call)
  const proved = withProofs(steps)
  const lines = linesOf(proved)
  return proved.filter(({ source, call, ret, must }) => {
    if (source.type !== 'acquire' || source.answer !== 'contended') return must || !isRead(source)
    return must && !mayRefuse && !lines.stoodIn(source.holder, call, ret)
  })
}

/** An answer that changed nothing. */
export const isRead = ({ answer }: LockOperation): boolean =>
  answer === 'contended' || answer === 'gone' || answer === 'not-held'

/** What may have been called by then, and may have been over. */
export const calledBy = (
  end: bigint,
  operations: readonly LockOperation[],
  clockError: bigint,
): readonly LockOperation[] => operations.filter(({ called }) => called - clockError <= end + clockError)

function stepOf(source: LockOperation, base: bigint, options: SearchOptions, end: bigint | undefined): Step {
  const { slack, clockError = 0n } = options
  const since = (at: bigint) => Number(at - base)
  const { returned } = source
  const known = source.answer !== 'unknown'
  if (known && returned === undefined)
    throw new TypeError(`${source.type} of ${source.key} was answered, and has no time at which it returned`)
  const isOver = end === undefined || returned === undefined || returned <= end
  const { validUntil, ttl } = lastingOf(source)
  return {
    source,
    call: since(source.called - clockError),
    ret: isOver && returned !== undefined ? since(returned + clockError) : Number.POSITIVE_INFINITY,
    must: known && isOver,
    earliest: validUntil === undefined ? Number.NEGATIVE_INFINITY : since(validUntil - clockError),
    lasts: ttl === undefined || slack === undefined ? Number.POSITIVE_INFINITY : Number(ttl + slack),
  }
}

const lastingOf = (source: LockOperation): Pick<AcquireOperation, 'validUntil' | 'ttl'> =>
  source.type === 'acquire' || source.type === 'renew' ? source : {}

/** Whether an answer says that the claim has had a hold. */
export const provesHold = ({ source }: Step): boolean =>
  source.type === 'release'
    ? source.answer === 'released'
    : source.type !== 'clear' && typeof source.answer === 'object'

/** Of a claim that asked once and was not answered: if a later answer says that it had a hold, it was granted before that. */
function withProofs(steps: readonly Step[]): Step[] {
  const acquires = new Map<string, number>()
  const provenBy = new Map<string, number>()
  for (const step of steps) {
    const { source, ret, must } = step
    if (source.type === 'clear') continue
    const { holder } = source
    if (source.type === 'acquire') acquires.set(holder, (acquires.get(holder) ?? 0) + 1)
    if (must && provesHold(step)) provenBy.set(holder, Math.min(ret, provenBy.get(holder) ?? ret))
  }
  return steps.map((step) => {
    const { source, ret } = step
    if (source.type !== 'acquire' || source.answer !== 'unknown' || acquires.get(source.holder) !== 1) return step
    const proven = provenBy.get(source.holder)
    return proven === undefined ? step : { ...step, must: true, ret: Math.min(ret, proven) }
  })
}

interface Lines {
  /** Whether another claim may have stood in line between `from` and `to`. */
  stoodIn(holder: string, from: number, to: number): boolean
}

/** Who stood in line. The two latest ends, of different claims, of those that began to wait by then: one of them is another's. */
function linesOf(steps: readonly Step[]): Lines {
  const waits = steps.filter(({ source }) => source.type === 'acquire' && source.waits === true)
  const latest: (readonly Step[])[] = [[]]
  for (const wait of waits) latest.push(twoLatest([...(latest.at(-1) ?? []), wait]))
  return {
    stoodIn(holder, from, to) {
      const begun = countUpTo(waits, to)
      return (latest[begun] ?? []).some((wait) => holderOf(wait) !== holder && wait.ret >= from)
    },
  }
}

export const holderOf = ({ source }: Step): string => (source.type === 'clear' ? '' : source.holder)

function twoLatest(waits: readonly Step[]): readonly Step[] {
  const [first, ...others] = [...waits].sort((a, b) => b.ret - a.ret || a.call - b.call)
  if (first === undefined) return []
  const second = others.find((wait) => holderOf(wait) !== holderOf(first))
  return second === undefined ? [first] : [first, second]
}

/** How many of the steps, which stand in their order, were called by then. */
function countUpTo(steps: readonly Step[], at: number): number {
  let [from, to] = [0, steps.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((steps[middle] as Step).call <= at) from = middle + 1
    else to = middle
  }
  return from
}
