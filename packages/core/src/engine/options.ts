import type { CloseOptions, ListOptions, LocksOptions } from '../api.ts'
import { type Clock, systemClock } from '../clock.ts'
import type { Advice, Share, Terms } from '../contract.ts'
import type { LockEvent } from '../events.ts'

const YEAR_MS = 31_536_000_000
const MAX_METADATA_BYTES = 4096

/** How a lease is held: checked, complete, `metadata` as JSON text. */
export interface HoldTerms {
  readonly ttlMs: number
  /** Undefined: by the granted TTL. */
  readonly marginMs?: number | undefined
  readonly autoRenew: boolean
  readonly maxHoldMs?: number | undefined
  readonly minHoldMs?: number | undefined
  readonly metadata?: string | undefined
  readonly whenHeld: 'throw' | 'wait'
  /** Undefined: all of the key. */
  readonly share?: Share | undefined
}

/** What of it the backend is asked for. */
export const asked = ({ ttlMs, metadata }: HoldTerms, reserve = 0): Terms =>
  reserve > 0 ? { ttlMs, metadata, reserve } : { ttlMs, metadata }

/** How a lock is acquired and held. */
export interface WaitTerms extends HoldTerms {
  readonly waitMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly whenUnreachable?: 'throw' | 'wait' | undefined
}

/** Whether an unreachable backend is waited for. With nothing to wait for, the one attempt decides. */
export const endures = ({ waitMs, whenUnreachable = waitMs === undefined ? 'throw' : 'wait' }: WaitTerms): boolean =>
  whenUnreachable === 'wait' && waitMs !== 0

/** `LocksOptions`, checked and complete: the defaults of every lock, and what concerns all of them. */
export interface EngineOptions extends WaitTerms {
  readonly onEvent?: ((event: LockEvent) => unknown) | undefined
  readonly onAdvice?: ((advice: Advice) => unknown) | undefined
  readonly clock: Clock
  readonly random: () => number
  readonly requestTimeoutMs: number
  readonly pollMs: number
  readonly maxLeases: number
  readonly maxWaiters: number
}

/** Returns the value as it is to be used, or throws. */
type Rule<Value> = (name: string, value: unknown) => Value
type Rules<Options> = { readonly [Name in keyof Options]-?: Rule<Options[Name]> }

function rule<Value>(what: string, holds: (value: unknown) => boolean, error = TypeError): Rule<Value> {
  return (name, value) => {
    if (holds(value)) return value as Value
    throw new error(`${name} must be ${what}; got ${show(value)}`)
  }
}

const between = (min: number, max: number, whole = ''): Rule<number> =>
  rule(
    `a ${whole}number from ${min} to ${max}`,
    (value) => typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value)),
    RangeError,
  )

const ofType = <Value>(type: string): Rule<Value> => rule(`a ${type}`, (value) => typeof value === type)

const having = <Value>(...methods: string[]): Rule<Value> =>
  rule(
    `an object with ${methods.join(', ') || 'properties'}`,
    (value) => methods.every((name) => name in Object(value)) && value === Object(value),
  )

/** `Infinity` means: without end, whatever the default is. */
const orEndless =
  (bounded: Rule<number>): Rule<number | undefined> =>
  (name, value) =>
    value === Number.POSITIVE_INFINITY ? undefined : bounded(name, value)

const holdRules: Rules<Omit<HoldTerms, 'whenHeld' | 'share'>> = {
  ttlMs: between(10, YEAR_MS, 'whole '),
  marginMs: between(0, YEAR_MS),
  autoRenew: ofType('boolean'),
  maxHoldMs: orEndless(between(1, YEAR_MS)),
  minHoldMs: between(0, YEAR_MS),
  metadata: metadataText,
}

const throwOrWait = rule<'throw' | 'wait'>("'throw' or 'wait'", (value) => value === 'throw' || value === 'wait')

const waitRules: Rules<Omit<WaitTerms, 'share'>> = {
  ...holdRules,
  waitMs: orEndless(between(0, Number.MAX_SAFE_INTEGER)),
  // By its shape: those of another realm, and of polyfills, are no instances of ours.
  signal: having('aborted', 'addEventListener', 'removeEventListener'),
  whenHeld: throwOrWait,
  whenUnreachable: throwOrWait,
}

const { metadata: _, signal: __, ...defaultRules } = waitRules

const engineRules: Partial<Rules<EngineOptions>> = {
  ...defaultRules,
  onEvent: ofType('function'),
  onAdvice: ofType('function'),
  clock: having('now', 'setTimer'),
  random: ofType('function'),
  requestTimeoutMs: between(1, 60_000),
  pollMs: between(1, 60_000),
  maxLeases: between(1, Number.MAX_SAFE_INTEGER, 'whole '),
  maxWaiters: between(1, Number.MAX_SAFE_INTEGER, 'whole '),
}

const builtIn: EngineOptions = {
  ttlMs: 30_000,
  autoRenew: true,
  whenHeld: 'throw',
  clock: systemClock,
  random: Math.random,
  requestTimeoutMs: 2000,
  pollMs: 1000,
  maxLeases: 100_000,
  maxWaiters: 100_000,
}

/** The margin where none was given: clocks whose rates differ by up to 1%, and 2 ms for timers' resolution. */
export const defaultMarginMs = (grantedTtlMs: number): number => Math.max(2, grantedTtlMs / 100)

export const parseLocks = (options: LocksOptions = {}): EngineOptions => withRoom(parse(engineRules, builtIn, options))

/** For whoever only holds. */
export const parseHold = (defaults: WaitTerms, options: object | undefined): WaitTerms =>
  options === undefined ? defaults : withRoom(parse<WaitTerms>(holdRules, defaults, options))

/** For whoever waits, too. */
export const parseWait = (defaults: WaitTerms, options: object | undefined): WaitTerms =>
  options === undefined ? defaults : withRoom(parse(waitRules, defaults, options))

export const parseClose = (options: CloseOptions = {}): { readonly drainMs: number } =>
  parse({ drainMs: between(0, YEAR_MS) }, { drainMs: 10_000 }, options)

export const parseResume = (defaults: WaitTerms, options: object = {}): WaitTerms =>
  parse<WaitTerms>({ autoRenew: holdRules.autoRenew, maxHoldMs: holdRules.maxHoldMs }, defaults, options)

export const parseObserve = (options: object = {}): Pick<WaitTerms, 'signal'> =>
  parse({ signal: waitRules.signal }, {}, options)

const MOST_PERMITS = 10_000

export const parseCount = (count: number): number => between(1, MOST_PERMITS, 'whole ')('count', count)

export const parsePermits = (permits = 1, count = MOST_PERMITS): number =>
  between(1, count, 'whole ')('permits', permits)

/** Of a handle, which came from outside. */
export function parseShare(share: Share): Share {
  assertObject('share', share)
  if (share.kind === 'shared') return { kind: 'shared' }
  if (share.kind !== 'permits') throw new TypeError('a lease handle must be what handOff gave')
  const of = parseCount(share.of)
  return { kind: 'permits', take: parsePermits(share.take, of), of }
}

/** Of `forceRelease`: it is told to the holders, and travels through the backend. */
export const parseReason = (options: { readonly reason: string }): string => {
  assertObject('options', options)
  return rule<string>(
    'a well-formed text without NUL, of 1 to 500 characters',
    (value) => isText(value) && value.length > 0 && value.length <= 500,
  )('reason', options.reason)
}

/** What every server can carry, and tell from another. */
const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.isWellFormed() && !value.includes('\0')

export const parseList = (options: ListOptions = {}): { readonly prefix: string; readonly limit: number } =>
  parse(
    { prefix: rule<string>('a well-formed text without NUL', isText), limit: between(1, 10_000, 'whole ') },
    { prefix: '', limit: 1000 },
    options,
  )

export const assertBackend: (name: string, value: unknown) => void = having('tryAcquire', 'renew', 'release')
export const assertObject: (name: string, value: unknown) => void = having()

/** The defaults, overridden by those options for which there are rules; others are refused. */
function parse<Options>(rules: Partial<Rules<Options>>, defaults: Options, options: object): Options {
  assertObject('options', options)
  const parsed = { ...defaults }
  for (const name in options as Partial<Options>) {
    const rule = Object.hasOwn(rules, name) && rules[name]
    // A misspelt option would silently be a default.
    if (!rule) throw new TypeError(`no option ${name}`)
    const value: unknown = (options as Partial<Options>)[name]
    if (value !== undefined) parsed[name] = rule(name, value)
  }
  return parsed
}

/** A margin of the whole TTL would leave no validity. */
function withRoom<Terms extends HoldTerms>(terms: Terms): Terms {
  const { marginMs = 0, minHoldMs = 0, ttlMs } = terms
  if (marginMs >= ttlMs) throw new RangeError(`marginMs must be less than ttlMs; got ${marginMs}`)
  // A process that ends leaves the key to the server for the rest of the TTL, and for no longer.
  if (minHoldMs > ttlMs) throw new RangeError(`minHoldMs must be at most ttlMs; got ${minHoldMs}`)
  return terms
}

export function metadataText(_: string, value: unknown): string {
  const text: string | undefined = JSON.stringify(value)
  const bytes = Buffer.byteLength(text ?? '')
  if (bytes > 0 && bytes <= MAX_METADATA_BYTES) return text
  throw new RangeError(`metadata must be JSON of at most ${MAX_METADATA_BYTES} bytes; got ${bytes}`)
}

const show = (value: unknown): string =>
  typeof value === 'string' ? `"${value}"` : value === Object(value) ? typeof value : String(value)
