import type { LocksOptions } from './api.ts'
import { type Clock, systemClock } from './clock.ts'
import type { LockEvent } from './events.ts'

const YEAR_MS = 31_536_000_000
const MAX_METADATA_BYTES = 4096

/** How a lease is held: checked, complete, `metadata` as JSON text. */
export interface HoldTerms {
  readonly ttlMs: number
  /** Undefined: by the granted TTL. */
  readonly marginMs: number | undefined
  readonly autoRenew: boolean
  readonly maxHoldMs: number | undefined
  readonly metadata: string | undefined
}

/** How a lock is acquired and held. */
export interface WaitTerms extends HoldTerms {
  readonly waitMs: number | undefined
  readonly signal: AbortSignal | undefined
  readonly whenHeld: 'throw' | 'wait'
}

/** `LocksOptions`, checked and complete: the defaults of every lock, and what concerns all of them. */
export interface EngineOptions extends WaitTerms {
  readonly onEvent: ((event: LockEvent) => void) | undefined
  readonly clock: Clock
  readonly random: () => number
  readonly requestTimeoutMs: number
  readonly pollMs: number
  readonly maxLeases: number
  readonly maxWaiters: number
}

type Rule<Value> = (name: string, value: unknown) => Value
type Rules<Options> = { readonly [Name in keyof Options]: Rule<Options[Name]> }

/** What a value has to be, in words for the one whose value it is not. */
function rule<Value>(
  error: typeof TypeError | typeof RangeError,
  what: string,
  holds: (value: unknown) => boolean,
): Rule<Value> {
  return (name, value) => {
    if (holds(value)) return value as Value
    throw new error(`${name} must be ${what}; got ${show(value)}`)
  }
}

const milliseconds = (min: number, max: number, whole = ''): Rule<number> =>
  rule(
    RangeError,
    `a ${whole}number of milliseconds from ${min} to ${max}`,
    (value) => typeof value === 'number' && value >= min && value <= max && (whole === '' || Number.isInteger(value)),
  )
const count: Rule<number> = rule(
  RangeError,
  'a whole number of 1 or more',
  (value) => Number.isSafeInteger(value) && (value as number) > 0,
)
const aFunction = <Value>(): Rule<Value> => rule(TypeError, 'a function', (value) => typeof value === 'function')
const anObject = <Value>(): Rule<Value> =>
  rule(TypeError, 'an object', (value) => typeof value === 'object' && value !== null)

const termRules: Rules<WaitTerms> = {
  ttlMs: milliseconds(10, YEAR_MS, 'whole '),
  marginMs: milliseconds(0, YEAR_MS),
  autoRenew: rule(TypeError, 'true or false', (value) => typeof value === 'boolean'),
  maxHoldMs: milliseconds(1, YEAR_MS),
  metadata: metadataText,
  waitMs: milliseconds(0, Number.MAX_SAFE_INTEGER),
  signal: rule(TypeError, 'an AbortSignal', (value) => value instanceof AbortSignal),
  whenHeld: rule(TypeError, "'throw' or 'wait'", (value) => value === 'throw' || value === 'wait'),
}

const engineRules: Rules<EngineOptions> = {
  ...termRules,
  onEvent: aFunction(),
  clock: anObject(),
  random: aFunction(),
  requestTimeoutMs: milliseconds(1, 60_000),
  pollMs: milliseconds(1, 60_000),
  maxLeases: count,
  maxWaiters: count,
}

const builtIn: EngineOptions = {
  ttlMs: 30_000,
  marginMs: undefined,
  autoRenew: true,
  maxHoldMs: undefined,
  metadata: undefined,
  waitMs: undefined,
  signal: undefined,
  whenHeld: 'throw',
  onEvent: undefined,
  clock: systemClock,
  random: Math.random,
  requestTimeoutMs: 2000,
  pollMs: 1000,
  maxLeases: 100_000,
  maxWaiters: 100_000,
}

/** The margin where none was given: clocks whose rates differ by up to 1%, and 2 ms for timers' resolution. */
export const defaultMarginMs = (grantedTtlMs: number): number => Math.max(2, grantedTtlMs / 100)

export const parseLocks = (options: LocksOptions = {}): EngineOptions => parse(engineRules, builtIn, options)

export const parseTerms = (defaults: WaitTerms, options: object | undefined): WaitTerms =>
  options === undefined ? defaults : parse(termRules, defaults, options)

export const assertObject: (name: string, value: unknown) => void = anObject()
export const assertRemainingMs: (name: string, value: unknown) => void = milliseconds(0, Number.MAX_SAFE_INTEGER)

function parse<Options extends HoldTerms>(rules: Rules<Options>, defaults: Options, options: object): Options {
  assertObject('options', options)
  const parsed = { ...defaults }
  const take = (name: keyof Options & string, value: unknown) => {
    // A misspelt option would silently be a default.
    if (rules[name] === undefined)
      throw new TypeError(`there is no option ${name}; there are ${Object.keys(rules).join(', ')}`)
    if (value !== undefined) parsed[name] = rules[name](name, value)
  }
  for (const [name, value] of Object.entries(options)) take(name as keyof Options & string, value)
  const { marginMs, ttlMs } = parsed
  if (marginMs === undefined || marginMs < ttlMs) return parsed
  throw new RangeError(`marginMs must be less than ttlMs (${ttlMs}); got ${marginMs}`)
}

function metadataText(_: string, value: unknown): string {
  const text: string | undefined = JSON.stringify(value)
  if (text === undefined) throw new TypeError(`metadata must be a value that JSON can carry; got ${show(value)}`)
  const bytes = Buffer.byteLength(text)
  if (bytes <= MAX_METADATA_BYTES) return text
  throw new RangeError(`metadata must have at most ${MAX_METADATA_BYTES} bytes as JSON; got ${bytes}`)
}

const show = (value: unknown): string =>
  typeof value === 'string' ? `"${value}"` : typeof value === 'object' && value ? 'an object' : String(value)
