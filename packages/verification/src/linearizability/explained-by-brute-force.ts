import type { Share } from '@leasehold/core'
import type { HoldTold, LockOperation } from '@leasehold/core/conformance'

/** What happens at one moment: an operation, or the expiry of what it granted. */
interface Happening {
  readonly from: bigint
  readonly to: bigint | undefined
  readonly must: boolean
  readonly next: (state: State) => readonly State[]
}

interface Hold {
  readonly holder: string
  readonly share: Share | undefined
  readonly slots: readonly number[]
  /** Undefined: nobody knows. Then it is greater than `above`. */
  readonly token: bigint | undefined
  readonly above: bigint
  readonly validUntil: bigint | undefined
}

interface State {
  readonly holds: readonly Hold[]
  readonly whole: bigint
  readonly greatest: bigint
  readonly slots: Readonly<Record<number, bigint>>
}

/**
 * The same question as `searchHistory` answers, of a few operations on one key, answered as plainly as can be: every order is tried in which nothing comes before something that was over when it began, and every expiry
 * is an event beside the operations. It knows of no memory, no line, no latest times, and shares no code.
 */
export function explainedByBruteForce(operations: readonly LockOperation[]): boolean {
  const happenings = operations.flatMap((operation) => [happeningOf(operation), ...expiryOf(operation)])
  return anyOrder({ holds: [], whole: -1n, greatest: -1n, slots: {} }, happenings)
}

function anyOrder(state: State, left: readonly Happening[]): boolean {
  if (left.every(({ must }) => !must)) return true
  return left.some((first) => {
    const others = left.filter((each) => each !== first)
    const isFirst = others.every(({ to, must }) => !must || to === undefined || to >= first.from)
    return isFirst && first.next(state).some((next) => anyOrder(next, others.filter(stillPossible(first))))
  })
}

/** What could only have happened before this one has not happened. */
const stillPossible =
  ({ from }: Happening) =>
  ({ to, must }: Happening): boolean =>
    must || to === undefined || to >= from

function happeningOf(operation: LockOperation): Happening {
  const { called: from, returned: to, answer } = operation
  return { from, to, must: answer !== 'unknown', next: (state) => after(state, operation) }
}

/** Of a hold that was prolonged since, nothing happens then. */
function expiryOf(operation: LockOperation): Happening[] {
  if (operation.type !== 'acquire' && operation.type !== 'renew') return []
  const { holder, validUntil } = operation
  const isOver = (hold: Hold) => hold.holder === holder && (hold.validUntil ?? -1n) <= (validUntil ?? -1n)
  const next = (state: State) =>
    state.holds.some(isOver) ? [{ ...state, holds: state.holds.filter((hold) => !isOver(hold)) }] : []
  return [{ from: validUntil ?? operation.called, to: undefined, must: false, next }]
}

function after(state: State, operation: LockOperation): readonly State[] {
  if (operation.type === 'clear') return [{ ...state, holds: [] }]
  const own = state.holds.find(({ holder }) => holder === operation.holder)
  const without = { ...state, holds: state.holds.filter((hold) => hold !== own) }
  if (isRead(operation)) return own === undefined && isRight(state, operation) ? [state] : []
  if (operation.type === 'release') return own ? [without] : []
  if (own === undefined) return operation.type === 'acquire' ? granted(state, operation) : []
  const { answer, validUntil } = operation
  return typeof answer === 'object' ? repeated(without, own, answer, validUntil) : [state]
}

const isRead = ({ answer }: LockOperation): boolean =>
  answer === 'not-held' || answer === 'gone' || answer === 'contended'

const isRight = (state: State, operation: LockOperation): boolean =>
  operation.type !== 'acquire' || places(state, operation.share) === undefined

function repeated(without: State, own: Hold, told: HoldTold, validUntil: bigint | undefined): readonly State[] {
  const fits = own.token === undefined ? told.fencingToken > own.above : told.fencingToken === own.token
  const slots = told.slots ?? own.slots
  if (!fits || (own.token !== undefined && `${slots}` !== `${own.slots}`)) return []
  const until = validUntil !== undefined && validUntil > (own.validUntil ?? -1n) ? validUntil : own.validUntil
  const hold = { ...own, slots, token: told.fencingToken, validUntil: until }
  return [marked({ ...without, holds: [...without.holds, hold] }, hold, told.fencingToken)]
}

function granted(state: State, operation: LockOperation & { type: 'acquire' }): readonly State[] {
  const { holder, share, answer, validUntil } = operation
  const free = places(state, share)
  if (answer === 'contended') return []
  const slots = answer === 'unknown' ? free : (answer.slots ?? [])
  if (slots === undefined || !fits(state, share, slots)) return []
  const above = share?.kind === 'permits' ? greatestOf(state, slots) : state.greatest
  const told = answer === 'unknown' ? undefined : answer.fencingToken
  if (told !== undefined && told <= above) return []
  const hold = { holder, share, slots, token: told, above, validUntil }
  const next = { ...state, holds: [...state.holds, hold] }
  if (told !== undefined) return [marked(next, hold, told)]
  return [share === undefined ? marked(next, hold, above + 1n) : next]
}

const greatestOf = ({ whole, slots: marks }: State, slots: readonly number[]): bigint =>
  [whole, ...slots.map((slot) => marks[slot] ?? -1n)].sort((a, b) => Number(b - a))[0] ?? whole

function marked(state: State, { share, slots }: Hold, token: bigint): State {
  const greatest = token > state.greatest ? token : state.greatest
  if (share?.kind !== 'permits') return { ...state, greatest, whole: greatest }
  const marks = Object.fromEntries(
    slots.map((slot) => [slot, greatestOf(state, [slot]) > token ? greatestOf(state, [slot]) : token]),
  )
  return { ...state, greatest, slots: { ...state.slots, ...marks } }
}

function fits(state: State, share: Share | undefined, slots: readonly number[]): boolean {
  if (share?.kind !== 'permits') return slots.length === 0 && places(state, share) !== undefined
  const others = state.holds.filter(
    (hold) => hold.share?.kind !== 'permits' || hold.slots.some((slot) => slots.includes(slot)),
  )
  return others.length === 0 && slots.length === share.take && slots.every((slot) => slot < share.of)
}

function places({ holds }: State, share: Share | undefined): readonly number[] | undefined {
  if (share === undefined) return holds.length === 0 ? [] : undefined
  if (holds.some((hold) => hold.share?.kind !== share.kind)) return undefined
  if (share.kind === 'shared') return []
  const taken = holds.flatMap(({ slots }) => slots)
  const free = [...Array(share.of).keys()].filter((slot) => !taken.includes(slot)).slice(0, share.take)
  return free.length === share.take ? free : undefined
}
