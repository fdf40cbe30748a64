import type { AcquireOptions, HoldOptions, LocksOptions } from './api.ts'
import { systemClock } from './clock.ts'

const YEAR_MS = 31_536_000_000
const MAX_METADATA_BYTES = 4096

/** `HoldOptions`, checked and complete. */
export interface HoldTerms {
  readonly ttlMs: number
  /** Undefined: by the granted TTL. */
  readonly marginMs: number | undefined
  readonly autoRenew: boolean
  readonly maxHoldMs: number | undefined
  readonly metadata: string | undefined
}

/** `AcquireOptions`, checked and complete. */
export interface WaitTerms extends HoldTerms {
  readonly waitMs: number | undefined
  readonly signal: AbortSignal | undefined
  readonly whenHeld: 'throw' | 'wait'
}

const built_in: WaitTerms = {
  ttlMs: 30_000,
  marginMs: undefined,
  autoRenew: true,
  maxHoldMs: undefined,
  metadata: undefined,
  waitMs: undefined,
  signal: undefined,
  whenHeld: 'throw',
}

/** The margin where none was given: clocks whose rates differ by up to 1%, and 2 ms for timers' resolution. */
export const defaultMarginMs = (grantedTtlMs: number): number => Math.max(2, grantedTtlMs / 100)

export function parseHold<Terms extends HoldTerms>(defaults: Terms, options: HoldOptions | undefined): Terms {
  if (options === undefined) return defaults
  assertObject('options', options)
  const { ttlMs, marginMs, autoRenew, maxHoldMs, metadata } = options
  const terms = {
    ...defaults,
    ttlMs: ttlMs === undefined ? defaults.ttlMs : wholeMs('ttlMs', ttlMs, 10, YEAR_MS),
    marginMs: marginMs === undefined ? defaults.marginMs : ms('marginMs', marginMs, 0, YEAR_MS),
    autoRenew: autoRenew === undefined ? defaults.autoRenew : boolean('autoRenew', autoRenew),
    maxHoldMs: maxHoldMs === undefined ? defaults.maxHoldMs : ms('maxHoldMs', maxHoldMs, 1, YEAR_MS),
    metadata: metadata === undefined ? defaults.metadata : metadataText(metadata),
  }
  if (terms.marginMs !== undefined && terms.marginMs >= terms.ttlMs) {
    throw new RangeError(`marginMs must be less than ttlMs (${terms.ttlMs}); got ${terms.marginMs}`)
  }
  return terms
}

export function parseWait(defaults: WaitTerms, options: AcquireOptions | undefined): WaitTerms {
  if (options === undefined) return defaults
  const terms = parseHold(defaults, options)
  const { waitMs, signal, whenHeld } = options
  return {
    ...terms,
    waitMs: waitMs === undefined ? defaults.waitMs : ms('waitMs', waitMs, 0, Number.MAX_SAFE_INTEGER),
    signal: signal === undefined ? defaults.signal : abortSignal(signal),
    whenHeld: whenHeld === undefined ? defaults.whenHeld : throwOrWait(whenHeld),
  }
}

export type EngineOptions = ReturnType<typeof parseLocks>

export function parseLocks(options: LocksOptions = {}) {
  assertObject('options', options)
  const { onEvent, clock = systemClock, random = Math.random } = options
  const { requestTimeoutMs = 2000, pollMs = 1000, maxLeases = 100_000, maxWaiters = 100_000 } = options
  if (onEvent !== undefined && typeof onEvent !== 'function') throw new TypeError('onEvent must be a function')
  return {
    defaults: parseWait(built_in, options),
    onEvent,
    clock,
    random,
    requestTimeoutMs: ms('requestTimeoutMs', requestTimeoutMs, 1, 60_000),
    pollMs: ms('pollMs', pollMs, 1, 60_000),
    maxLeases: count('maxLeases', maxLeases),
    maxWaiters: count('maxWaiters', maxWaiters),
  }
}

/** Throws unless `value` is a number of milliseconds within the range. */
export function ms(name: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && value >= min && value <= max) return value
  throw new RangeError(`${name} must be a number of milliseconds from ${min} to ${max}; got ${show(value)}`)
}

function wholeMs(name: string, value: unknown, min: number, max: number): number {
  if (Number.isInteger(value)) return ms(name, value, min, max)
  throw new RangeError(`${name} must be a whole number of milliseconds from ${min} to ${max}; got ${show(value)}`)
}

function count(name: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number
  throw new RangeError(`${name} must be a whole number of 1 or more; got ${show(value)}`)
}

function boolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw new TypeError(`${name} must be true or false; got ${show(value)}`)
}

function abortSignal(value: unknown): AbortSignal {
  if (value instanceof AbortSignal) return value
  throw new TypeError(`signal must be an AbortSignal; got ${show(value)}`)
}

function throwOrWait(value: unknown): 'throw' | 'wait' {
  if (value === 'throw' || value === 'wait') return value
  throw new TypeError(`whenHeld must be 'throw' or 'wait'; got ${show(value)}`)
}

function metadataText(value: unknown): string {
  const text: string | undefined = JSON.stringify(value)
  if (text === undefined) throw new TypeError(`metadata must be a value that JSON can carry; got ${show(value)}`)
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_METADATA_BYTES)
    throw new RangeError(`metadata must have at most ${MAX_METADATA_BYTES} bytes as JSON; got ${bytes}`)
  return text
}

export function assertObject(name: string, value: unknown): asserts value is object {
  if (typeof value !== 'object' || value === null) throw new TypeError(`${name} must be an object; got ${show(value)}`)
}

const show = (value: unknown): string =>
  typeof value === 'string' ? `"${value}"` : typeof value === 'object' && value ? 'an object' : String(value)
