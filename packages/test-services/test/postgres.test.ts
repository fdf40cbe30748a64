import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Server, startPostgres } from '../src/index.ts'
import { providePrograms } from '../src/machine/programs.ts'

const execute = promisify(execFile)
const { psql } = providePrograms({
  variable: 'LEASEHOLD_POSTGRES_URL',
  programs: ['psql'],
  debianPackages: ['postgresql'],
})

async function ask({ url }: Server, sql: string): Promise<string> {
  const { stdout } = await execute(psql, [url, '-XAtq', '-c', sql])
  return stdout.trim()
}

describe('a Postgres from this machine', () => {
  let server: Server
  beforeAll(async () => {
    server = await startPostgres({ own: true, settings: { max_connections: 17, idle_session_timeout: '90s' } })
  })
  afterAll(() => server.stop())

  test('says where it came from', () => {
    expect(server.source).toMatch(/^program .*postgres$/)
  })

  test('does not run as root', async () => {
    expect(await ask(server, "select pg_read_file('/proc/self/status') ~ 'Uid:\\s+0'")).toBe('f')
  })

  test('has the settings it was given', async () => {
    expect(await ask(server, 'show max_connections')).toBe('17')
    expect(await ask(server, 'show idle_session_timeout')).toBe('90s')
    expect(server.settings).toEqual({ max_connections: 17, idle_session_timeout: '90s' })
  })

  test('keeps its data and its address over a restart', async () => {
    const { url } = server
    await ask(server, 'create table kept (n int)')
    await server.restart()
    expect(server.url).toBe(url)
    expect(await ask(server, "select to_regclass('kept')")).toBe('kept')
  })

  test('recovers its data after it was killed', async () => {
    await ask(server, 'create table survived (n int)')
    await server.kill()
    await expect(ask(server, 'select 1')).rejects.toThrow(/refused/)
    await server.restart()
    expect(await ask(server, "select to_regclass('survived')")).toBe('survived')
  })

  test('comes back empty, with its settings, if asked', async () => {
    await ask(server, 'create table forgotten (n int)')
    await server.restart({ keepData: false })
    expect(await ask(server, "select to_regclass('forgotten')")).toBe('')
    expect(await ask(server, 'show max_connections')).toBe('17')
  })

  test('answers late what was asked while it was frozen', async () => {
    server.freeze()
    const answer = ask(server, 'select 42')
    server.thaw()
    expect(await answer).toBe('42')
  })
})
