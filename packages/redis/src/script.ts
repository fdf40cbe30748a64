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
  grant(script: Script, keys: readonly string[], args: readonly ScriptArgument[]): Promise<unknown>
  close(): Promise<void>
}

/** A server that does not know the script has not run it: its text may be sent without doing anything twice. */
export async function runScript(
  redis: RedisCommander,
  { sha, text }: Script,
  keys: readonly string[],
  args: readonly ScriptArgument[],
  asking = false,
): Promise<unknown> {
  try {
    if (asking) ask(redis)
    return await redis.call('EVALSHA', sha, keys.length, ...keys, ...args)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    if (asking) ask(redis)
    return redis.call('EVAL', text, keys.length, ...keys, ...args)
  }
}

/** Good for the next command on this connection. Where it fails, that one fails, too. */
function ask(redis: RedisCommander): void {
  redis.call('ASKING').catch(() => {})
}
