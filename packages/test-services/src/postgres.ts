import type { ContainerRecipe } from './containers.ts'
import { findServer } from './find-server.ts'
import { LocalServer, type Recipe } from './machine/local-server.ts'
import { providePrograms } from './machine/programs.ts'
import type { Workplace } from './machine/workplace.ts'
import { putEmptyDatabase } from './postgres-data.ts'
import type { Server, ServerOptions, Settings } from './server.ts'

export const postgresNeed = {
  variable: 'LEASEHOLD_POSTGRES_URL',
  programs: ['initdb', 'postgres'],
  debianPackages: ['postgresql'],
} as const

/** Everybody who reaches it is its superuser `postgres`. */
export const startPostgres = (options: ServerOptions = {}): Promise<Server> =>
  findServer(
    {
      name: 'Postgres',
      variable: postgresNeed.variable,
      container,
      start: (settings) => LocalServer.start(postgresRecipe(settings)),
    },
    options,
  )

const container: ContainerRecipe = {
  image: 'postgres:17-alpine',
  port: 5432,
  environment: { POSTGRES_HOST_AUTH_METHOD: 'trust' },
  command: (settings) => [
    'postgres',
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ],
  saysReady: /ready to accept connections/,
  // The first time it only sets itself up.
  saysSoTimes: 2,
  urlAt: (host, port) => `postgres://postgres@${host}:${port}/postgres`,
}

export function postgresRecipe(settings: Settings): Recipe {
  const { initdb, postgres } = providePrograms(postgresNeed)
  return {
    name: 'postgres',
    scheme: 'postgres://postgres@',
    path: '/postgres',
    settings,
    users: ['postgres'],
    prepare: (place, port) => prepare(initdb, place, { ...settings, port }),
    command: (place) => ({ program: postgres, args: ['-D', place.path('data')] }),
    // A standby accepts some.
    saysReady: /ready to accept (read-only )?connections/,
    // Fast shutdown: ends sessions instead of waiting for them.
    stopSignal: 'SIGINT',
  }
}

async function prepare(initdb: string, place: Workplace, settings: Settings): Promise<void> {
  await putEmptyDatabase(initdb, place, 'data')
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: place.folder, ...settings }
  // In the file, not on the command line: ALTER SYSTEM keeps its power over them.
  await place.write('data/postgresql.conf', Object.entries(all).map(assignment))
}

const assignment = ([name, value]: [string, string | number]): string =>
  `${name} = '${String(value).replaceAll("'", "''")}'`
