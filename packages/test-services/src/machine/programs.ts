import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const searchPath = (): string[] => [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']

const postgresRoot = '/usr/lib/postgresql'

/** Debian keeps the programs of Postgres outside of PATH, a folder for each version; the newest comes first. */
function postgresFolders(): string[] {
  if (!existsSync(postgresRoot)) return []
  const versions = readdirSync(postgresRoot).sort((one, other) => Number(other) - Number(one))
  return versions.map((version) => join(postgresRoot, version, 'bin'))
}

function configuredPostgresFolder(): string[] {
  const program = searchPath()
    .map((folder) => join(folder, 'pg_config'))
    .find(existsSync)
  return program === undefined ? [] : [spawnSync(program, ['--bindir'], { encoding: 'utf8' }).stdout.trim()]
}

function* folders(): Generator<string> {
  yield* searchPath()
  yield* postgresFolders()
  yield* configuredPostgresFolder()
}

/** Programs that work together are of one version: they are taken from one folder. */
export function locate<Name extends string>(names: readonly Name[]): Record<Name, string> | undefined {
  for (const folder of folders()) {
    const paths = names.map((name) => [name, join(folder, name)] as const)
    if (paths.every(([, path]) => existsSync(path))) return Object.fromEntries(paths) as Record<Name, string>
  }
  return undefined
}

const isDebian = (): boolean =>
  existsSync('/etc/os-release') && /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'))

export const mayInstall = (): boolean => process.getuid?.() === 0 && isDebian()

export const installer = fileURLToPath(new URL('install-debian.sh', import.meta.url))

/** What apt prints goes to stderr. */
function install(debianPackages: readonly string[]): void {
  console.error(`test-services: installing ${debianPackages.join(' ')}`)
  spawnSync('sh', [installer, ...debianPackages], { stdio: ['ignore', process.stderr, process.stderr] })
}

/** What a kind of server needs on this machine. */
export interface Need<Name extends string> {
  /** The variable that names a running server instead, where one will do. */
  readonly variable?: string
  readonly programs: readonly Name[]
  readonly debianPackages: readonly string[]
}

/** Where the programs are. Installs them on Debian as root; elsewhere says what would. */
export function providePrograms<Name extends string>(need: Need<Name>): Record<Name, string> {
  const present = locate(need.programs)
  if (present !== undefined) return present
  if (mayInstall()) install(need.debianPackages)
  const installed = locate(need.programs)
  if (installed !== undefined) return installed
  throw new Error(
    `No ${need.programs.join(', ')} on this machine. On Debian or Ubuntu:\n` +
      `  sudo apt-get install -y --no-install-recommends ${need.debianPackages.join(' ')}\n${instead(need.variable)}`,
  )
}

const instead = (variable: string | undefined): string =>
  variable === undefined
    ? ''
    : 'Or, where Docker answers, for tests that neither restart nor harm the server:\n' +
      '  npx pnpm --filter @leasehold/test-services add -D testcontainers\n' +
      `Or, for such tests as well, name a running server in ${variable}.`
