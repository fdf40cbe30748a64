import { createHash } from 'node:crypto'
import type { RedisCommander } from './redis-shapes.ts'

/** Constant text, known to the server by its digest. Data comes in keys and arguments alone. */
export interface Script {
  readonly text: string
  readonly sha: string
}

export const script = (text: string): Script => ({ text, sha: createHash('sha1').update(text).digest('hex') })

export type ScriptArgument = string | number | Buffer

/** Runs scripts where their keys are. */
export interface Scripts {
  run(script: Script, keys: readonly string[], args: readonly ScriptArgument[]): Promise<unknown>
  /** As `run`; what it may have granted is confirmed by replicas, where that was asked for. */
  grant(
    script: Script,
    keys: readonly string[],
    args: readonly ScriptArgument[],
    sending?: Pick<Sending, 'isWanted'>,
  ): Promise<unknown>
  close(): Promise<void>
}

export interface Sending {
  /** The node takes over the slot of these keys just now. */
  readonly asking?: boolean
  /** Looked at before what was refused is sent once more, or elsewhere. Left out: it is. */
  readonly isWanted?: (() => boolean) | undefined
}

const UNWANTED = 'the wait is over'

/** Whoever has given up is not asked for any more: what ends the claim may have been sent meanwhile, and behind that it would stand in line for nobody, or take the key. */
export function assertWanted({ isWanted }: Sending): void {
  if (isWanted?.() === false) throw new Error(UNWANTED)
}

export const isUnwanted = (error: unknown): boolean => error instanceof Error && error.message === UNWANTED

/** What was sent over each connection: by then, the server knows it. */
const sent = new WeakMap<RedisCommander, Set<Script>>()

/**
 * In full the first time on a connection, so that a server which has just started costs no further trip; by its digest afterwards. A server that does not know the
 * script has not run it: its text may be sent without doing anything twice.
 */
export function runScript(
  redis: RedisCommander,
  script: Script,
  keys: readonly string[],
  args: readonly ScriptArgument[],
  sending: Sending = {},
): Promise<unknown> {
  const known = sent.get(redis) ?? new Set()
  sent.set(redis, known)
  const send = (command: string, program: string) => {
    if (sending.asking) ask(redis)
    return redis.call(command, program, keys.length, ...keys, ...args)
  }
  if (!known.has(script)) {
    known.add(script)
    return send('eval', script.text).catch((error: unknown) => {
      // Refused before it ran, as where its keys are in several slots, the server does not know it: by its digest it would be asked for twice, and come behind what is asked after it.
      known.delete(script)
      throw error
    })
  }
  return send('evalsha', script.sha).catch((error: unknown) => {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    assertWanted(sending)
    return send('eval', script.text)
  })
}

/** Good for the next command on this connection. Where it fails, that one fails, too. */
function ask(redis: RedisCommander): void {
  redis.call('ASKING').catch(() => {})
}
