import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { etcdNeed } from './etcd/member.ts'
import { compilerNeed } from './machine/preloaded.ts'
import { installer, locate, mayInstall, type Need } from './machine/programs.ts'
import { pgbouncerNeed } from './pgbouncer.ts'
import { postgresNeed } from './postgres.ts'
import { redisNeed } from './redis/node.ts'

/** Where a kind of server will come from, before any is started. */
export interface Finding {
  readonly kind: string
  /** The variable that names a running server, where one does. Tests that harm their server start their own all the same. */
  readonly address: string | undefined
  /** The program to be started. */
  readonly program: string | undefined
  /** What brings the program where there is none. */
  readonly debianPackages: readonly string[]
  /** It will be installed as soon as it is asked for. */
  readonly installs: boolean
}

const needs: Readonly<Record<string, Need<string>>> = {
  Postgres: postgresNeed,
  PgBouncer: pgbouncerNeed,
  Redis: redisNeed,
  etcd: etcdNeed,
  'C compiler': compilerNeed,
}

/** Looks for all that the servers of this package need, starts and installs nothing. */
export const surveyServers = (): Finding[] => Object.entries(needs).map(([kind, need]) => find(kind, need))

function find(kind: string, { variable, programs, debianPackages }: Need<string>): Finding {
  const present = locate(programs)
  return {
    kind,
    address: variable !== undefined && (process.env[variable] ?? '') !== '' ? variable : undefined,
    program: present?.[programs.at(-1) ?? ''],
    debianPackages,
    installs: present === undefined && mayInstall(),
  }
}

/** Installs what of it is missing in one go, where that is possible; whoever needs the rest is told how to get it. What apt prints goes to stderr. */
export async function installMissing(findings: readonly Finding[]): Promise<void> {
  const packages = findings.filter(({ installs }) => installs).flatMap(({ debianPackages }) => debianPackages)
  if (packages.length === 0) return
  await once(spawn('sh', [installer, ...packages], { stdio: ['ignore', 2, 2] }), 'close')
}
