import { hostname } from 'node:os'
import { annotate, createLocks, forceRelease, type LockEvent, list, stats } from '@leasehold/core'
import { memoryBackend } from '@leasehold/core/memory'

export const told: string[] = []
const locks = createLocks(memoryBackend(), { onEvent: notice })

/** Whoever looks sees which machine works, and how far it is. */
export function convert(file: string, pages: number): Promise<void> {
  return locks.named(`convert ${file}`).run({ metadata: { host: hostname(), page: 0 } }, async (lease) => {
    for (let page = 1; page <= pages && !lease.signal.aborted; page++) {
      await convertPage(file, page)
      await annotate(lease, { host: hostname(), page })
    }
  })
}

/** Who holds what, on all machines. */
export async function held(prefix: string): Promise<string[]> {
  const holds = await list(locks, { prefix, limit: 100 })
  return holds.map(
    ({ key, remainingMs, metadata }) => `${key}: ${Math.ceil(remainingMs)} ms, ${JSON.stringify(metadata)}`,
  )
}

/** How many holds were ended: 0 if nobody had it. */
export function free(key: string, ticket: string): Promise<number> {
  return forceRelease(locks, key, { reason: `stuck: ${ticket}` })
}

/** For a gauge of this process. */
export function load(): string {
  const { leases, maxLeases, waiting } = stats(locks)
  return `${leases} of ${maxLeases} leases, ${waiting} wait`
}

function notice(event: LockEvent): void {
  if (event.type === 'jeopardy') told.push(`${event.key}: not renewed, ${event.error.message}`)
  if (event.type === 'lost') told.push(`${event.key}: lost, ${event.reason} ${event.why ?? ''}`)
}

/** Lets work come to its end, for twenty seconds at most. Then close your own client or pool. */
export async function shutDown(): Promise<void> {
  const { interrupted, unreleased } = await locks.close({ drainMs: 20_000 })
  for (const key of interrupted) told.push(`${key}: still at work, without its lease`)
  for (const { key, error } of unreleased) told.push(`${key}: free within its TTL, ${error.message}`)
}

/** Where the program starts. */
export function listenForTheEnd(): void {
  process.once('SIGTERM', shutDown)
}

async function convertPage(_file: string, _page: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5))
}
