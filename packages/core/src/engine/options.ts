import type { CloseOptions, ListOptions, LocksOptions } from '../api.ts'
import { type Clock, NEVER_MS, systemClock } from '../clock.ts'
import type { Advice, Share, Terms } from '../contract.ts'
import type { LockEvent } from '../events.ts'
import { between, having, ofType, type Rule, rule } from './rules.ts'

const YEAR_MS = 31_536_000_000
const ANY = Number.MAX_SAFE_INTEGER
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
export const asked = ({ ttlMs, metadata }: HoldTerms, reserve = 0): Terms => ({ ttlMs, metadata, reserve })

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

type Rules<Options> = { readonly [Name in keyof Options]-?: Rule<Options[Name]> }

/** `Infinity` means: without end, whatever the default is. */
const orEndless =
  (bounded: Rule<number>): Rule<number | undefined> =>
  (name, value) =>
    value === NEVER_MS ? undefined : bounded(name, value)

const throwOrWait = rule<'throw' | 'wait'>("'throw' or 'wait'", (value) => value === 'throw' || value === 'wait')

const leaseRules: Rules<Omit<HoldTerms, 'whenHeld' | 'share' | 'metadata'>> = {
  ttlMs: between(10, YEAR_MS, 'whole '),
  marginMs: between(0, YEAR_MS),
  autoRenew: ofType('boolean'),
  maxHoldMs: orEndless(between(1, YEAR_MS)),
  minHoldMs: between(0, YEAR_MS),
}

const patienceRules: Rules<Pick<WaitTerms, 'waitMs' | 'whenHeld' | 'whenUnreachable'>> = {
  waitMs: orEndless(between(0, ANY)),
  whenHeld: throwOrWait,
  whenUnreachable: throwOrWait,
}

const holdRules: Rules<Omit<HoldTerms, 'whenHeld' | 'share'>> = { ...leaseRules, metadata: metadataText }

const waitRules: Rules<Omit<WaitTerms, 'share'>> = {
  ...holdRules,
  ...patienceRules,
  // By its shape: those of another realm, and of polyfills, are no instances of ours.
  signal: having('aborted', 'addEventListener', 'removeEventListener'),
}

const engineRules: Partial<Rules<EngineOptions>> = {
  ...leaseRules,
  ...patienceRules,
  onEvent: ofType('function'),
  onAdvice: ofType('function'),
  clock: having('now', 'setTimer'),
  random: ofType('function'),
  requestTimeoutMs: between(1, 60_000),
  pollMs: between(1, 60_000),
  maxLeases: between(1, ANY, 'whole '),
  maxWaiters: between(1, ANY, 'whole '),
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

export const parseLocks = (options: LocksOptions | undefined): EngineOptions => parse(engineRules, builtIn, options)

/** For whoever only holds. */
export const parseHold = (defaults: WaitTerms, options: object | undefined): WaitTerms =>
  parse<WaitTerms>(holdRules, defaults, options)

/** For whoever waits, too. */
export const parseWait = (defaults: WaitTerms, options: object | undefined): WaitTerms =>
  parse(waitRules, defaults, options)

export const parseClose = (options: CloseOptions | undefined): { readonly drainMs: number } =>
  parse({ drainMs: between(0, YEAR_MS) }, { drainMs: 10_000 }, options)

export const parseResume = (defaults: WaitTerms, options: object | undefined): WaitTerms =>
  parse<WaitTerms>({ autoRenew: holdRules.autoRenew, maxHoldMs: holdRules.maxHoldMs }, defaults, options)

export const parseObserve = (options: object | undefined): Pick<WaitTerms, 'signal'> =>
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

export const parseList = (options: ListOptions | undefined): { readonly prefix: string; readonly limit: number } =>
  parse(
    { prefix: rule<string>('a well-formed text without NUL', isText), limit: between(1, 10_000, 'whole ') },
    { prefix: '', limit: 1000 },
    options,
  )

export const assertBackend: (name: string, value: unknown) => void = having('tryAcquire', 'renew', 'release')
export const assertFunction: (name: string, value: unknown) => void = ofType('function')
export const assertObject: (name: string, value: unknown) => void = having()

/** The defaults, overridden by those options for which there are rules; others are refused. */
function parse<Options>(rules: Partial<Rules<Options>>, defaults: Options, options: object | undefined): Options {
  if (options === undefined) return defaults
  assertObject('options', options)
  const parsed = { ...defaults }
  for (const name in options as Partial<Options>) {
    const rule = Object.hasOwn(rules, name) && rules[name]
    // A misspelt option would silently be a default.
    if (!rule) throw new TypeError(`no option ${name}`)
    const value: unknown = (options as Partial<Options>)[name]
    if (value !== undefined) parsed[name] = rule(name, value)
  }
  assertRoom(parsed as Partial<HoldTerms>)
  return parsed
}

/** A margin of the whole TTL would leave no validity. */
function assertRoom({ marginMs = 0, minHoldMs = 0, ttlMs = YEAR_MS }: Partial<HoldTerms>): void {
  if (marginMs >= ttlMs) throw new RangeError(`marginMs must be less than ttlMs; got ${marginMs}`)
  // A process that ends leaves the key to the server for the rest of the TTL, and for no longer.
  if (minHoldMs > ttlMs) throw new RangeError(`minHoldMs must be at most ttlMs; got ${minHoldMs}`)
}

export function metadataText(_: string, value: unknown): string {
  const text: string | undefined = JSON.stringify(value)
  const bytes = Buffer.byteLength(text ?? '')
  if (bytes > 0 && bytes <= MAX_METADATA_BYTES) return text
  throw new RangeError(`metadata must be JSON of at most ${MAX_METADATA_BYTES} bytes; got ${bytes}`)
}
