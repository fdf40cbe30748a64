import type { Fate } from './wire.ts'

const broken = () => new Error('connection reset')

/** The server does it; its answer is lost, and the client learns that the connection broke. */
export async function replyLost<R>(send: () => Promise<R>): Promise<R> {
  await send()
  throw broken()
}

/** The request is lost, and the client learns that the connection broke. */
export async function requestLost<R>(): Promise<R> {
  throw broken()
}

/** The server does it; its answer is lost, and nobody says so. */
export async function replySwallowed<R>(send: () => Promise<R>, signal?: AbortSignal): Promise<R> {
  await send()
  return silence(signal)
}

/** The request is lost, and nobody says so. */
export function requestSwallowed<R>(_send: () => Promise<R>, signal?: AbortSignal): Promise<R> {
  return silence(signal)
}

/** A wait must settle when it is aborted, whatever the network does. */
const silence = (signal?: AbortSignal) =>
  new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(broken()), { once: true }))

/** The request arrives twice; the second answer is the one that comes back. */
export async function sentTwice<R>(send: () => Promise<R>): Promise<R> {
  await send()
  return send()
}

/** The driver fails with this error, before anything is sent. */
export function failing(error: unknown): <R>() => Promise<R> {
  return async () => {
    throw error
  }
}

/** What the backend answers is replaced on its way. */
export const altered =
  <R>(alter: (reply: R) => R): Fate<R> =>
  async (send) =>
    alter(await send())

/** Holds requests, or their replies, back until `open` is called. */
export interface Gate {
  readonly fate: <R>(send: () => Promise<R>) => Promise<R>
  /** How many it has held. */
  readonly arrived: number
  open(): void
}

/** The server does it at once; the answer comes when the gate opens. */
export const holdReply = (): Gate =>
  gate(async (send, pause) => {
    const reply = await send()
    await pause()
    return reply
  })

/** The request reaches the server only when the gate opens. */
export const holdRequest = (): Gate =>
  gate(async (send, pause) => {
    await pause()
    return send()
  })

function gate(course: <R>(send: () => Promise<R>, pause: () => Promise<void>) => Promise<R>): Gate {
  let open = () => {}
  let arrived = 0
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const pause = () => {
    arrived += 1
    return opened
  }
  return {
    fate: (send) => course(send, pause),
    get arrived() {
      return arrived
    },
    open: () => open(),
  }
}
