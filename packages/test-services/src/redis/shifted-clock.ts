import { execFile } from 'node:child_process'
import { open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { announced } from '../announce.ts'
import { LocalServer, type Recipe } from '../machine/local-server.ts'
import { providePrograms } from '../machine/programs.ts'
import type { Server, ServerOptions } from '../server.ts'
import { nodeRecipe } from './node.ts'

const execute = promisify(execFile)

export const compilerNeed = { programs: ['cc'], debianPackages: ['gcc', 'libc6-dev'] } as const

const SOURCE = fileURLToPath(new URL('shifted-clock.c', import.meta.url))
const LIBRARY = 'shifted-clock.so'
const OFFSET = 'clock-offset'

/** A Redis whose wall clock can be set while it runs. */
export interface RedisWithClock extends Server {
  /** Its clock is off by this much from now on, in whole milliseconds, forward or back. */
  shiftClock(ms: number): Promise<void>
}

/** One Redis of its own, with a clock of its own: a small library, made by the machine's C compiler, stands between it and the time. */
export async function startRedisWithClock({ settings = {} }: ServerOptions = {}): Promise<RedisWithClock> {
  const server = announced('Redis with a clock of its own', await LocalServer.start(withClock(nodeRecipe(settings))))
  return Object.assign(server, { shiftClock: (ms: number) => setOffset(`${server.folder}/${OFFSET}`, ms) })
}

const withClock = (recipe: Recipe): Recipe => ({
  ...recipe,
  async prepare(place, port) {
    await recipe.prepare(place, port)
    const { cc } = providePrograms(compilerNeed)
    await execute(cc, ['-shared', '-fPIC', '-O2', '-o', place.path(LIBRARY), SOURCE])
    await place.write(OFFSET, ['0'.repeat(7)])
    await setOffset(place.path(OFFSET), 0)
  },
  command: (place, port) => ({
    ...recipe.command(place, port),
    env: { LD_PRELOAD: place.path(LIBRARY), LEASEHOLD_CLOCK_OFFSET: place.path(OFFSET) },
  }),
})

/** In place: the server has the file mapped. */
async function setOffset(path: string, ms: number): Promise<void> {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(ms))
  await using file = await open(path, 'r+')
  await file.write(bytes, 0, bytes.length, 0)
}
