import { createHash } from 'node:crypto'
import type { RedisCommander } from './redis-shapes.ts'

/** Constant text, known to the server by its digest. Data comes in keys and arguments alone. */
export interface Script {
  readonly text: string
  readonly sha: string
}

export const script = (text: string): Script => ({ text, sha: createHash('sha1').update(text).digest('hex') })

export type ScriptArgument = string | number | Buffer

/** A server that does not know the script has not run it: its text may be sent without doing anything twice. */
export async function runScript(
  redis: RedisCommander,
  { sha, text }: Script,
  keys: readonly string[],
  args: readonly ScriptArgument[],
): Promise<unknown> {
  try {
    return await redis.call('EVALSHA', sha, keys.length, ...keys, ...args)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return redis.call('EVAL', text, keys.length, ...keys, ...args)
  }
}
