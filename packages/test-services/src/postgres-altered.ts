import { announced } from './announce.ts'
import { LocalServer } from './machine/local-server.ts'
import { preloaded, tellPreloaded } from './machine/preloaded.ts'
import { postgresRecipe } from './postgres.ts'
import type { Server, ServerOptions } from './server.ts'

/** A Postgres whose wall clock can be set while it runs. */
export interface PostgresWithClock extends Server {
  /** Its clock is off by this much from now on, in whole milliseconds, forward or back. */
  shiftClock(ms: number): Promise<void>
}

/** A Postgres whose disk can stand still. */
export interface PostgresWithDisk extends Server {
  /** From now on, nothing that is written reaches the disk, or it does again. */
  stallDisk(isStalled: boolean): Promise<void>
}

/** One Postgres of its own, with a clock of its own. */
export async function startPostgresWithClock({ settings = {} }: ServerOptions = {}): Promise<PostgresWithClock> {
  const recipe = preloaded(postgresRecipe(settings), 'shifted-clock')
  const server = announced('Postgres with a clock of its own', await LocalServer.start(recipe))
  return Object.assign(server, { shiftClock: (ms: number) => tellPreloaded(server, ms) })
}

/** One Postgres of its own, with a disk of its own. */
export async function startPostgresWithDisk({ settings = {} }: ServerOptions = {}): Promise<PostgresWithDisk> {
  const recipe = preloaded(postgresRecipe(settings), 'stalled-disk')
  const server = announced('Postgres with a disk of its own', await LocalServer.start(recipe))
  return Object.assign(server, { stallDisk: (isStalled: boolean) => tellPreloaded(server, isStalled ? 1 : 0) })
}
