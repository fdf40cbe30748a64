import { existsSync, statfsSync } from 'node:fs'
import type { Tier } from './test-files.ts'

/** Bytes that the data of all servers take at most. */
const ROOM_NEEDED = 4 * 2 ** 30

/** What vitest and the tests find in their environment. */
export const vitestEnvironment = (tier: Tier, browser: string | undefined): NodeJS.ProcessEnv => ({
  ...quickDisk(),
  ...process.env,
  LEASEHOLD_TIER: tier,
  ...(browser === undefined ? {} : { CHROMIUM_PATH: browser }),
})

/** Servers write to the disk what they must not lose. Here only processes fail, no machines: a disk that is kept busy by others need not make the servers late. */
function quickDisk(): NodeJS.ProcessEnv {
  const memory = '/dev/shm'
  if (!existsSync(memory)) return {}
  const { bavail, bsize } = statfsSync(memory)
  return bavail * bsize > ROOM_NEEDED ? { TMPDIR: memory } : {}
}
