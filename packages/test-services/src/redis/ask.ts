import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { redisPrograms } from './node.ts'

const execute = promisify(execFile)

/** What a Redis answers to a command, as `redis-cli` prints it. */
export async function askRedis({ port }: { readonly port: number }, ...command: string[]): Promise<string> {
  const { stdout } = await execute(redisPrograms()['redis-cli'], ['-p', String(port), ...command])
  return stdout.trim()
}
