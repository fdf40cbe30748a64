import { serverAtAddress } from './address.ts'
import { announced } from './announce.ts'
import { LocalServer, type Recipe } from './machine/local-server.ts'
import { providePrograms } from './machine/programs.ts'
import type { Workplace } from './machine/workplace.ts'
import type { Server, ServerOptions, Settings } from './server.ts'

const need = {
  variable: 'LEASEHOLD_POSTGRES_URL',
  programs: ['initdb', 'postgres'],
  debianPackages: ['postgresql'],
} as const

/** Everybody who reaches it is its superuser `postgres`. */
export async function startPostgres(options: ServerOptions = {}): Promise<Server> {
  const server = serverAtAddress(need.variable, options) ?? (await LocalServer.start(recipe(options.settings ?? {})))
  return announced('Postgres', server)
}

function recipe(settings: Settings): Recipe {
  const { initdb, postgres } = providePrograms(need)
  return {
    name: 'postgres',
    scheme: 'postgres://postgres@',
    path: '/postgres',
    settings,
    users: ['postgres'],
    prepare: (place, port) => prepare(initdb, place, { ...settings, port }),
    command: (place) => ({ program: postgres, args: ['-D', place.path('data')] }),
    saysReady: /ready to accept connections/,
    // Fast shutdown: ends sessions instead of waiting for them.
    stopSignal: 'SIGINT',
  }
}

async function prepare(initdb: string, place: Workplace, settings: Settings): Promise<void> {
  const data = place.path('data')
  await place.run(initdb, ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'])
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: place.folder, ...settings }
  // In the file, not on the command line: ALTER SYSTEM keeps its power over them.
  await place.write('data/postgresql.conf', Object.entries(all).map(assignment))
}

const assignment = ([name, value]: [string, string | number]): string =>
  `${name} = '${String(value).replaceAll("'", "''")}'`
