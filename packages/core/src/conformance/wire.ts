import type { Claim, Contended, Grant, Inspection, ListedHold, LockBackend, Renewal } from '../contract.ts'

/** What each operation of the contract answers. */
interface Replies {
  tryAcquire: Grant | Contended
  renew: readonly Renewal[]
  release: boolean
  releaseAll: readonly boolean[]
  waitForTurn: Grant | undefined
  tryAcquireAll: readonly Grant[] | Contended
  inspect: readonly Inspection[]
  list: readonly ListedHold[]
  annotate: boolean
  forceRelease: number
}

type Operation = keyof Replies

/** Decides what becomes of one request: `send` hands it to the backend. `signal` is that of a wait. */
export type Fate<R> = (send: () => Promise<R>, signal?: AbortSignal) => Promise<R>

interface Request {
  readonly operation: Operation
  readonly claims: readonly Claim[]
}

/** Stands between a process and its backend, sees every request, and can do to it what a network does. */
export interface Wire {
  /** Give this one to `createLocks`. */
  readonly backend: LockBackend
  /** Every request so far, oldest first. */
  readonly requests: readonly Request[]
  /** The fate of the next request of this kind. Several calls queue up. */
  next<O extends Operation>(operation: O, fate: Fate<Replies[O]>): void
  /** The fate of all requests of this kind that have no fate of their own, until `heal`. */
  always<O extends Operation>(operation: O, fate: Fate<Replies[O]>): void
  /** From now on, requests that have not been sent yet take their normal course. */
  heal(): void
  count(operation: Operation): number
  /** Tells the process, as a backend does whose session has ended, that a claim does not hold its key any more. */
  tellLost(claim: Claim): void
}

export interface WireOptions {
  /** Offer only the three operations that every backend has. */
  readonly minimal?: boolean | undefined
  /** Classify every error as a refusal. */
  readonly refuses?: boolean | undefined
}

type Fates = { [O in Operation]?: Fate<Replies[O]> }
type Queues = { [O in Operation]: Fate<Replies[O]>[] }

const noFates = (): Queues => ({
  tryAcquire: [],
  renew: [],
  release: [],
  releaseAll: [],
  waitForTurn: [],
  tryAcquireAll: [],
  inspect: [],
  list: [],
  annotate: [],
  forceRelease: [],
})

export function wire(inner: LockBackend, options: WireOptions = {}): Wire {
  const requests: Request[] = []
  let once = noFates()
  let standing: Fates = {}
  let tellLost: (claim: Claim) => void = () => {}

  function pass<O extends Operation>(
    operation: O,
    claims: readonly Claim[],
    send: () => Promise<Replies[O]>,
    signal?: AbortSignal,
  ): Promise<Replies[O]> {
    requests.push({ operation, claims })
    const fate: Fate<Replies[O]> | undefined = once[operation].shift() ?? standing[operation]
    return fate === undefined ? send() : fate(send, signal)
  }

  return {
    backend: {
      ...required(inner, pass),
      ...(options.minimal === true ? {} : offered(inner, pass)),
      // It can tell losses that the backend knows nothing of, and swallow a wait that the backend would have ended.
      capabilities: {
        ...inner.capabilities,
        tellsLosses: true,
        selfPolling: false,
        ...(options.minimal && { shares: [] }),
      },
      attach(core) {
        tellLost = (claim) => core.lost(claim)
        inner.attach?.(core)
      },
      ...(options.refuses === true && { classifyError: () => 'refused' as const }),
    },
    requests,
    next: (operation, fate) => void once[operation].push(fate),
    always: (operation, fate) => {
      standing = { ...standing, [operation]: fate }
    },
    heal() {
      once = noFates()
      standing = {}
    },
    tellLost: (claim) => tellLost(claim),
    count: (operation) => requests.filter((request) => request.operation === operation).length,
  }
}

/** The same backend, each of whose operations goes through `pass`. */
export const interpose = (inner: LockBackend, pass: Pass): LockBackend => ({
  ...required(inner, pass),
  ...offered(inner, pass),
  ...(inner.attach && { attach: (core) => inner.attach?.(core) }),
})

export type Pass = <O extends Operation>(
  operation: O,
  claims: readonly Claim[],
  send: () => Promise<Replies[O]>,
  signal?: AbortSignal,
) => Promise<Replies[O]>

const required = (inner: LockBackend, pass: Pass): LockBackend => ({
  name: inner.name,
  capabilities: inner.capabilities,
  tryAcquire: (claim, terms) => pass('tryAcquire', [claim], () => inner.tryAcquire(claim, terms)),
  renew: (renewals) => pass('renew', renewals, () => inner.renew(renewals)),
  release: (claim, next) => pass('release', [claim], () => inner.release(claim, next)),
  ...(inner.classifyError && { classifyError: (error: unknown) => inner.classifyError?.(error) ?? 'unavailable' }),
  ...(inner.close && { close: async () => inner.close?.() }),
})

/** The optional operations that this backend has. */
function offered(inner: LockBackend, pass: Pass): Partial<LockBackend> {
  const waitForTurn = inner.waitForTurn?.bind(inner)
  const tryAcquireAll = inner.tryAcquireAll?.bind(inner)
  const releaseAll = inner.releaseAll?.bind(inner)
  const inspect = inner.inspect?.bind(inner)
  return {
    ...(waitForTurn && {
      waitForTurn: (claim, terms, signal) =>
        pass('waitForTurn', [claim], () => waitForTurn(claim, terms, signal), signal),
    }),
    ...(tryAcquireAll && {
      tryAcquireAll: (claims, terms) => pass('tryAcquireAll', claims, () => tryAcquireAll(claims, terms)),
    }),
    ...(releaseAll && { releaseAll: (claims) => pass('releaseAll', claims, () => releaseAll(claims)) }),
    ...(inspect && { inspect: (key) => pass('inspect', [], () => inspect(key)) }),
    ...operatorsOf(inner, pass),
  }
}

function operatorsOf(inner: LockBackend, pass: Pass): Partial<LockBackend> {
  const list = inner.list?.bind(inner)
  const annotate = inner.annotate?.bind(inner)
  const forceRelease = inner.forceRelease?.bind(inner)
  const watch = inner.watch?.bind(inner)
  return {
    ...(list && { list: (prefix, limit) => pass('list', [], () => list(prefix, limit)) }),
    ...(annotate && { annotate: (claim, metadata) => pass('annotate', [claim], () => annotate(claim, metadata)) }),
    ...(forceRelease && { forceRelease: (key, reason) => pass('forceRelease', [], () => forceRelease(key, reason)) }),
    ...(watch && { watch }),
  }
}
