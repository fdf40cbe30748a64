import { execFile } from 'node:child_process'
import { open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { LocalServer, Recipe } from './local-server.ts'
import { providePrograms } from './programs.ts'

const execute = promisify(execFile)

export const compilerNeed = { programs: ['cc'], debianPackages: ['gcc', 'libc6-dev'] } as const

const LIBRARY = 'preloaded.so'
const NUMBER = 'preloaded-number'

/** The same server, with a small library between it and the system that the machine's C compiler makes. The library reads a number, 0 at the beginning, as often as it likes. */
export const preloaded = (recipe: Recipe, library: 'shifted-clock' | 'stalled-disk'): Recipe => ({
  ...recipe,
  async prepare(place, port) {
    await recipe.prepare(place, port)
    const { cc } = providePrograms(compilerNeed)
    const source = fileURLToPath(new URL(`${library}.c`, import.meta.url))
    await execute(cc, ['-shared', '-fPIC', '-O2', '-o', place.path(LIBRARY), source])
    await place.write(NUMBER, ['0'.repeat(7)])
    await setNumber(place.path(NUMBER), 0)
  },
  command: (place, port) => ({
    ...recipe.command(place, port),
    env: { LD_PRELOAD: place.path(LIBRARY), LEASEHOLD_PRELOADED_NUMBER: place.path(NUMBER) },
  }),
})

/** A whole number for the library of a server that was made so. */
export const tellPreloaded = (server: LocalServer, number: number): Promise<void> =>
  setNumber(`${server.folder}/${NUMBER}`, number)

/** In place: the server has the file mapped. */
async function setNumber(path: string, number: number): Promise<void> {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(number))
  await using file = await open(path, 'r+')
  await file.write(bytes, 0, bytes.length, 0)
}
