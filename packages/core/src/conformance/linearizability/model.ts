import type { Share } from '../../contract.ts'
import { covers, freeSlots, type Hold, inTheWay, standTogether } from './hold.ts'
import type { AcquireOperation, HoldTold, ReleaseOperation, RenewOperation } from './operation.ts'
import type { Step } from './prepare.ts'
import { markBefore, noTokens, raised, type Tokens } from './tokens.ts'

/**
 * What can be wrong with an answer.
 *
 * - `two-holders`: it grants what another hold is in the way of, which cannot be over
 * - `token-not-greater`: its token is not greater than one that was granted before
 * - `token-changed`: the claim has the key under another token
 * - `wrong-slots`: other permits than were asked for
 * - `renewed-without-hold`, `released-without-hold`: the claim has no hold
 * - `gone-while-held`, `not-held-while-held`: the claim has a hold that cannot be over
 * - `refused-while-free`: nobody is in the way
 */
export type FaultKind =
  | 'two-holders'
  | 'token-not-greater'
  | 'token-changed'
  | 'wrong-slots'
  | 'renewed-without-hold'
  | 'released-without-hold'
  | 'gone-while-held'
  | 'not-held-while-held'
  | 'refused-while-free'

/** Why an operation cannot have taken effect now. */
export interface Refusal {
  readonly fault: FaultKind
  readonly step: Step
  /** What it cannot stand beside. */
  readonly beside: Step | undefined
  /** The holds that would have to be over for it. */
  readonly inTheWay: readonly Hold[]
}

/** The lock server of the model: of one key, who has it, and what has been granted. */
export interface State {
  /** The earliest time at which all so far can have happened. */
  readonly now: number
  readonly holds: readonly Hold[]
  readonly tokens: Tokens
}

export const beginning: State = { now: Number.NEGATIVE_INFINITY, holds: [], tokens: noTokens }

type Outcome = readonly State[] | Refusal

export const isRefusal = (outcome: Outcome): outcome is Refusal => 'fault' in outcome

/**
 * The states after the step, or why it cannot come next. A hold expires when somebody needs it to be over, and no sooner than it may: to let it expire earlier explains nothing more.
 */
export function apply(before: State, step: Step): Outcome {
  const { source } = step
  const state = boundBy(step, { ...before, now: Math.max(before.now, step.call) })
  switch (source.type) {
    case 'acquire':
      return source.answer === 'contended' ? refused(state, step, source) : acquired(state, step, source)
    case 'renew':
      return renewed(state, step, source)
    case 'release':
      return released(state, step, source)
    case 'clear':
      return [{ ...state, holds: [] }]
  }
}

/** What took effect before has taken effect by the time that this one returned. */
function boundBy({ ret }: Step, state: State): State {
  if (ret === Number.POSITIVE_INFINITY || state.holds.every(({ unbounded }) => unbounded === undefined)) return state
  const bound = (hold: Hold): Hold =>
    hold.unbounded === undefined
      ? hold
      : { ...hold, latest: Math.max(hold.latest, ret + hold.unbounded), unbounded: undefined }
  return { ...state, holds: state.holds.map(bound) }
}

const holdOf = ({ holds }: State, holder: string): Hold | undefined => holds.find((hold) => hold.holder === holder)

const isAlive = ({ now }: State, { latest, unbounded }: Hold): boolean => unbounded !== undefined || now <= latest

const refusal = (fault: FaultKind, step: Step, beside: Step | undefined): Refusal => ({
  fault,
  step,
  beside,
  inTheWay: [],
})

const heldBy = (fault: FaultKind, step: Step, inTheWay: readonly Hold[]): Refusal => ({
  fault,
  step,
  beside: inTheWay[0]?.by,
  inTheWay,
})

/** The state in which these have expired, or those of them that cannot have. */
function withExpired(state: State, { ret }: Step, over: readonly Hold[]): State | readonly Hold[] {
  if (over.length === 0) return state
  const lasting = over.filter(({ earliest }) => earliest > ret)
  if (lasting.length > 0) return lasting
  const now = Math.max(state.now, ...over.map(({ earliest }) => earliest))
  return { ...state, now, holds: state.holds.filter((hold) => !over.includes(hold)) }
}

const areHolds = (outcome: State | readonly Hold[]): outcome is readonly Hold[] => Array.isArray(outcome)

function refused(state: State, step: Step, { holder, share }: AcquireOperation): Outcome {
  const own = holdOf(state, holder)
  const after = own === undefined ? state : withExpired(state, step, [own])
  if (areHolds(after)) return heldBy('refused-while-free', step, after)
  const alive = after.holds.filter((hold) => isAlive(after, hold))
  return inTheWay(share, alive).length > 0 ? [after] : refusal('refused-while-free', step, undefined)
}

function acquired(state: State, step: Step, source: AcquireOperation): Outcome {
  const { answer, holder } = source
  if (answer === 'contended') return []
  const own = holdOf(state, holder)
  if (answer === 'unknown') return begunUntold(state, step, source, own)
  if (own === undefined) return begun(state, step, source, answer)
  const repeated = isAlive(state, own) ? toldAgain(state, step, own, answer) : heldBy('token-changed', step, [own])
  // The hold may have expired, and the claim have been granted the key anew.
  const after = withExpired(state, step, [own])
  const anew = areHolds(after) ? heldBy('token-changed', step, after) : begun(after, step, source, answer)
  if (isRefusal(repeated)) return anew
  return isRefusal(anew) ? repeated : [...repeated, ...anew]
}

function toldAgain(state: State, step: Step, own: Hold, told: HoldTold): Outcome {
  if (!covers(own, told.fencingToken)) return refusal('token-changed', step, own.by)
  const { fencingToken, reserved = 0, slots = own.slots } = told
  if (own.token !== undefined && slots.join() !== own.slots.join()) return refusal('wrong-slots', step, own.by)
  const lastToken = fencingToken + BigInt(reserved)
  const known: Hold = {
    ...own,
    slots,
    token: fencingToken,
    lastToken: own.lastToken !== undefined && own.lastToken > lastToken ? own.lastToken : lastToken,
    earliest: Math.max(own.earliest, step.earliest),
  }
  return [replaced(state, own, known, step)]
}

function replaced(state: State, hold: Hold, by: Hold, step: Step): State {
  const holds = state.holds.map((each) => (each === hold ? by : each))
  const { lastToken } = by
  return { ...state, holds, tokens: lastToken === undefined ? state.tokens : raised(state.tokens, by, lastToken, step) }
}

function begun(state: State, step: Step, { holder, share }: AcquireOperation, told: HoldTold): Outcome {
  const { fencingToken: token, slots = [], reserved = 0 } = told
  if (!areSlotsOf(share, slots)) return refusal('wrong-slots', step, undefined)
  const over = state.holds.filter((hold) => !standTogether({ share, slots }, hold))
  const after = withExpired(state, step, over)
  if (areHolds(after)) return heldBy('two-holders', step, after)
  const before = markBefore(after.tokens, { share, slots })
  if (token <= before.token) return refusal('token-not-greater', step, before.by)
  const lastToken = token + BigInt(reserved)
  const hold = { holder, share, slots, token, above: before.token, lastToken, ...lasting(step), by: step }
  return [{ ...withHold(after, hold), tokens: raised(after.tokens, hold, lastToken, step) }]
}

function areSlotsOf(share: Share | undefined, slots: readonly number[]): boolean {
  if (share?.kind !== 'permits') return slots.length === 0
  const within = slots.every((slot) => Number.isInteger(slot) && slot >= 0 && slot < share.of)
  return within && slots.length === share.take && new Set(slots).size === slots.length
}

/** In one order, so that equal states look alike. */
const withHold = (state: State, hold: Hold): State => ({
  ...state,
  holds: [...state.holds, hold].sort((a, b) => (a.holder < b.holder ? -1 : 1)),
})

function lasting({ earliest, ret, lasts }: Step): Pick<Hold, 'earliest' | 'latest' | 'unbounded'> {
  const isOpen = ret === Number.POSITIVE_INFINITY && lasts !== Number.POSITIVE_INFINITY
  if (isOpen) return { earliest, latest: Number.NEGATIVE_INFINITY, unbounded: lasts }
  return { earliest, latest: ret + lasts, unbounded: undefined }
}

/** Nobody was told that the claim was granted, nor under which token, nor which slots. */
function begunUntold(before: State, step: Step, { holder, share }: AcquireOperation, own: Hold | undefined): Outcome {
  // Of its own hold it would only have been told once more, unless that has expired.
  const state = own === undefined ? before : withExpired(before, step, [own])
  if (areHolds(state)) return []
  const states: State[] = []
  for (const { slots, over } of placesFor(share, state.holds)) {
    const after = withExpired(state, step, over)
    if (areHolds(after)) continue
    const above = markBefore(after.tokens, { share, slots }).token
    const hold = { holder, share, slots, token: undefined, above, lastToken: undefined, ...lasting(step), by: step }
    // Beside others it may have been granted before them, so it says nothing about what comes next.
    const tokens = share === undefined ? raised(after.tokens, hold, above + 1n, step) : after.tokens
    states.push({ ...withHold(after, hold), tokens })
  }
  return states.length > 0 ? states : heldBy('two-holders', step, state.holds)
}

interface Place {
  readonly slots: readonly number[]
  /** What has to be over for it. */
  readonly over: readonly Hold[]
}

/** Of more permits than these, any may have expired, or none. */
const MOST_EXPIRED = 6

/** Where an untold grant may have gone: permits are the lowest that are free, which hangs on who has expired. */
function placesFor(share: Share | undefined, holds: readonly Hold[]): readonly Place[] {
  if (share?.kind !== 'permits') return [{ slots: [], over: holds.filter((hold) => !isShared(share, hold)) }]
  const others = holds.filter((hold) => hold.share?.kind !== 'permits')
  const permits = holds.filter((hold) => hold.share?.kind === 'permits')
  const places = subsetsOf(permits.slice(0, MOST_EXPIRED)).map((expired) => ({
    over: [...others, ...expired],
    slots: freeSlots(
      share,
      permits.filter((hold) => !expired.includes(hold)),
    ),
  }))
  const first = new Map<string, Place>()
  for (const place of places) {
    const name = place.slots.join()
    if (place.slots.length === share.take && !first.has(name)) first.set(name, place)
  }
  return [...first.values()]
}

const isShared = (share: Share | undefined, hold: Hold): boolean =>
  share?.kind === 'shared' && hold.share?.kind === 'shared'

/** The smaller ones first. */
function subsetsOf(holds: readonly Hold[]): Hold[][] {
  const numbers = Array.from({ length: 2 ** holds.length }, (_, number) => number)
  const subsets = numbers.map((number) => holds.filter((_, index) => (number & (1 << index)) !== 0))
  return subsets.sort((a, b) => a.length - b.length)
}

function renewed(state: State, step: Step, { holder, answer }: RenewOperation): Outcome {
  const own = holdOf(state, holder)
  if (answer === 'gone') return withoutHold(state, step, own, 'gone-while-held')
  if (own === undefined || !isAlive(state, own)) {
    const besides = own ?? state.holds[0]
    return answer === 'unknown' ? [] : refusal('renewed-without-hold', step, besides?.by ?? state.tokens.greatest.by)
  }
  const isEndless = own.unbounded === undefined && own.latest === Number.POSITIVE_INFINITY
  if (answer === 'unknown' && isEndless) return []
  const { latest, unbounded } = lasting(step)
  const longer = { ...own, latest: Math.max(own.latest, latest), unbounded: unbounded ?? own.unbounded }
  if (answer === 'unknown') return [replaced(state, own, longer, step)]
  return toldAgain({ ...state, holds: state.holds.map((hold) => (hold === own ? longer : hold)) }, step, longer, answer)
}

function released(state: State, step: Step, { holder, answer }: ReleaseOperation): Outcome {
  const own = holdOf(state, holder)
  if (answer === 'not-held') return withoutHold(state, step, own, 'not-held-while-held')
  if (own !== undefined && isAlive(state, own)) return [{ ...state, holds: state.holds.filter((hold) => hold !== own) }]
  if (answer === 'unknown') return []
  return refusal('released-without-hold', step, (own ?? state.holds[0])?.by ?? state.tokens.greatest.by)
}

/** The claim has no hold, or none any more. */
function withoutHold(state: State, step: Step, own: Hold | undefined, fault: FaultKind): Outcome {
  if (own === undefined) return [state]
  const after = withExpired(state, step, [own])
  return areHolds(after) ? heldBy(fault, step, after) : [after]
}
