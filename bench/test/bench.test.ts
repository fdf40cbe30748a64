import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'leasehold-bench-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const bench = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', CLI, '--quick', ...args], { encoding: 'utf8' })

describe('the bench command', () => {
  it('holds every contest of a backend against its limit, and draws it', () => {
    const picture = join(folder, 'bench.svg')
    const { stdout, status } = bench('--backend', 'redis', '--json', '--plot', picture)
    expect(status).toBe(0)
    const rows = JSON.parse(stdout) as { backend: string; ours: number; limit: number; ratio: { median: number } }[]
    expect(rows.map(({ backend }) => backend)).toEqual(['core', 'redis', 'redis', 'redis', 'redis'])
    for (const { ours, limit, ratio } of rows) {
      expect(ours).toBeGreaterThan(0)
      expect(limit).toBeGreaterThan(0)
      expect(ratio.median).toBeGreaterThan(0)
    }
    expect(readFileSync(picture, 'utf8').match(/<rect x=/g)).toHaveLength(rows.length)
  }, 60_000)

  it('prints a table', () => {
    const { stdout } = bench('--backend', 'memory')
    expect(stdout).toContain('| memory | acquire + release, 64 at once |')
  })

  it('lists the backends that it knows when asked for another', () => {
    const { stderr, status } = bench('--backend', 'zookeeper')
    expect(stderr).toContain('no backend "zookeeper"; known: memory, redis')
    expect(status).toBe(2)
  })
})
