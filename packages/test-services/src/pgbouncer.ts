import { findServer } from './find-server.ts'
import { LocalServer, type Recipe } from './machine/local-server.ts'
import { providePrograms } from './machine/programs.ts'
import type { Server, ServerOptions, Settings } from './server.ts'

export const pgbouncerNeed = {
  variable: 'LEASEHOLD_PGBOUNCER_URL',
  programs: ['pgbouncer'],
  debianPackages: ['pgbouncer'],
} as const

export interface PgBouncerOptions extends ServerOptions {
  /** What it stands in front of. */
  readonly postgres: Server
}

/** A PgBouncer in transaction mode. `settings: { default_pool_size: 1 }` makes all its clients share one session. */
export const startPgBouncer = ({ postgres, ...options }: PgBouncerOptions): Promise<Server> =>
  findServer(
    {
      name: 'PgBouncer',
      variable: pgbouncerNeed.variable,
      start: (settings) => LocalServer.start(recipe(postgres, settings)),
    },
    options,
  )

function recipe(postgres: Server, settings: Settings): Recipe {
  const { pgbouncer } = providePrograms(pgbouncerNeed)
  return {
    name: 'pgbouncer',
    scheme: 'postgres://postgres@',
    path: '/postgres',
    settings,
    users: ['postgres'],
    prepare: (place, port) => place.write('pgbouncer.ini', configuration(postgres, { listen_port: port, ...settings })),
    command: (place) => ({ program: pgbouncer, args: [place.path('pgbouncer.ini')] }),
    saysReady: /process up/,
    // The only signal that ends every version at once.
    stopSignal: 'SIGQUIT',
  }
}

function configuration({ host, port, url }: Server, settings: Settings): string[] {
  const { username, password } = new URL(url)
  const login = `user=${decodeURIComponent(username)}${password === '' ? '' : ` password=${decodeURIComponent(password)}`}`
  const all = {
    listen_addr: '127.0.0.1',
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: 'transaction',
    ...settings,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`)
  return ['[databases]', `* = host=${host} port=${port} ${login}`, '[pgbouncer]', ...lines]
}
