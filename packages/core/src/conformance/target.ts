import type { Clock } from '../clock.ts'
import type { LockBackend } from '../contract.ts'

/**
 * What the suite tests: written by the author of a backend. `name` and `open` are enough to run most cases; each
 * further fact or hook enables the cases that need it, and a case that cannot run is reported with its reason.
 */
export interface ConformanceTarget {
  /** Shown in reports, such as `redis 7, one node`. */
  readonly name: string
  /** A new client of the same server, independent of all others, as another process would be. The suite closes it. */
  open(): LockBackend
  /** Default: real time. */
  readonly time?: SuiteTime | undefined
  /**
   * The TTL of cases that let a hold expire, raised to the backend's `minTtlMs` where that is more. Long enough for a few
   * requests under load. Default 400.
   */
  readonly ttlMs?: number | undefined
  /** Ways to harm the server or its clients, as far as the author can offer them. */
  readonly faults?: FaultHooks | undefined
}

/** The notion of time that the suite, the engine under test and (where it is virtual) the server share. */
export interface SuiteTime {
  readonly clock: Clock
  /** Lets this much time pass, and whatever falls due in it happen. */
  pass(ms: number): Promise<void>
  /** How long to let pass between two looks at a condition. */
  readonly stepMs: number
  /**
   * Time within which a message reaches the server. Used only to put waiters in order, where the contract offers nothing
   * that could be awaited.
   */
  readonly arrivalMs: number
}

export interface FaultHooks {
  /** A program that calls `serveHolder` with a new client of the same server. The suite starts, freezes and kills it. */
  readonly holderProgram?: HolderProgram | undefined
  /** As `open`, through a connection that can be harmed: a TCP proxy, mostly. */
  openLinked?(): Promise<LinkedClient>
  /** As `open`, through something that forgets connections that are silent, as address translation and load balancers do. */
  openForgetful?(): Promise<ForgetfulClient>
  /** Stops the server and starts it with the data it had. Resolves when it answers. */
  restartKeepingData?(): Promise<void>
  /** Stops the server and starts it empty. Resolves when it answers. Nobody else may need the data. */
  restartEmpty?(): Promise<void>
  /** Ends, at the server, the connection or session on which this client's holds live. */
  killSession?(backend: LockBackend): Promise<void>
  /**
   * From now on the tokens that this server draws, for every key, are greater than `above`, as they will be in years to come. Nobody holds anything then.
   */
  raiseTokens?(above: bigint): Promise<void>
  /** A client whom the server turns away for good, whatever it asks: a wrong password, a schema that is not there. */
  openRefused?(): LockBackend
  /**
   * A stranger keeps the server from working on what is asked about this key: requests wait, for the lock of a row, mostly. Resolves when it does, with a function
   * that lets them go on.
   */
  stall?(key: string): Promise<() => Promise<void>>
  /** Two different keys that the backend maps to the same place. */
  collidingKeys?(): readonly [string, string]
}

/** As `child_process.fork` takes it. */
export interface HolderProgram {
  readonly path: string
  readonly args?: readonly string[] | undefined
  /** Arguments for Node itself. Default: those of this process. */
  readonly execArgv?: readonly string[] | undefined
}

export interface LinkedClient {
  readonly backend: LockBackend
  readonly link: Link
}

export interface ForgetfulClient {
  readonly backend: LockBackend
  /** The connections that are open now say nothing any more, and are not told of as ended. New ones work. */
  forget(): void
}

/** The connection between one client and the server. */
export interface Link {
  /** Breaks the connection now, whatever is under way; new ones work. */
  cut(): void
  /** Swallows everything in one direction and says nothing, until `heal`. */
  swallow(direction: 'requests' | 'replies'): void
  /** Delays everything in both directions by this much, until `heal`. */
  delay(ms: number): void
  heal(): void
}
