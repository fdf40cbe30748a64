import { loadAuditorium } from '../auditorium.ts'
import { type DatabaseAddress, openDatabase, type ServerAddress } from '../database/open-database.ts'
import { createTables } from '../database/schema.ts'
import type { LockAddress } from '../locks/lock-address.ts'
import { assertThere } from './named-servers.ts'
import { type Service, type ServiceName, startService } from './services.ts'

/** What was asked for on the command line. */
export interface StageOptions {
  readonly nodes: number
  readonly with: ServiceName | undefined
  readonly locks: LockAddress | undefined
  readonly database: ServerAddress | undefined
}

/** Where locks and data are kept during this run. */
export interface Stage {
  readonly database: DatabaseAddress
  readonly locks: LockAddress
  /** Stops what was started, and nothing else. */
  stop(): Promise<void>
}

/** Throws `RangeError` for what cannot work, with the way out. */
export function assertPossible({ nodes, with: started, locks }: StageOptions): void {
  if (started !== undefined && locks !== undefined) {
    throw new RangeError('--with starts a lock server, --locks names one that runs: give one of them.')
  }
  if (nodes > 1 && locks?.kind === 'memory') {
    throw new RangeError(
      `--locks memory: with --nodes ${nodes}: each server process would have locks of its own, and all of them would sell the same seat. ` +
        'Take a lock server that they share: --with postgres, --with redis, --with etcd, or its address in --locks.',
    )
  }
}

/**
 * One server process keeps everything to itself unless told otherwise. Several share a Postgres server for their data, and a lock server: what is
 * not named is started.
 */
export async function setStage(options: StageOptions): Promise<Stage> {
  assertPossible(options)
  const { nodes, locks } = options
  await assertThere(options)
  const started: Service[] = []
  const start = async <Name extends ServiceName>(name: Name) => {
    const service = await startService(name)
    started.push(service)
    return service
  }
  const sharesNothing = nodes === 1
  const lockService = options.with ?? (sharesNothing || locks ? undefined : 'postgres')
  const lockServer = lockService && (await start(lockService))
  const atLockServer = lockServer && 'database' in lockServer ? lockServer.database : undefined
  const database = options.database ?? atLockServer ?? (sharesNothing ? 'embedded' : (await start('postgres')).database)
  return {
    database,
    locks: locks ?? lockServer?.locks ?? { kind: 'memory' },
    stop: async () => {
      await Promise.all(started.map((service) => service.stop()))
    },
  }
}

/** An empty box office on a database server. An embedded one begins empty, in the process that opens it. */
export async function clearStage({ database: address }: Pick<Stage, 'database'>, seats?: number): Promise<void> {
  if (address === 'embedded') return
  const db = await openDatabase(address)
  try {
    await createTables(db, await loadAuditorium(), seats)
  } finally {
    await db.close()
  }
}
