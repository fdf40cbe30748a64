import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it, onTestFinished, vi } from 'vitest'

function ownFolder(): string {
  const folder = mkdtempSync('/tmp/free-port-')
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

const marks = (folder: string): string => {
  const [name = ''] = readdirSync(folder)
  return join(folder, name)
}

/** As another process would load it: with ports of its own. */
async function another(folder: string) {
  vi.stubEnv('TMPDIR', folder)
  vi.resetModules()
  return (await import('../src/machine/free-port.ts')).freePort
}

afterEach(() => {
  vi.unstubAllEnvs()
})

const blockOf = (port: number): number => Math.floor(port / 100)

it('a port is given out once, and blocks of ports to one process alone', async () => {
  const folder = ownFolder()
  const [one, other] = [await another(folder), await another(folder)]
  const ports = [...(await Promise.all(Array.from({ length: 150 }, () => one()))), await other(), await other()]
  expect(new Set(ports).size).toBe(ports.length)
  expect(new Set(ports.slice(0, 150).map(blockOf))).not.toContain(blockOf(ports[150] ?? 0))
  expect(readdirSync(marks(folder))).toHaveLength(3)
})

it('the block of a process that is gone is taken over, and one that somebody is just taking is not', async () => {
  const folder = ownFolder()
  const first = await (await another(folder))()
  const taken = marks(folder)
  const gone = 2 ** 22 + 1
  for (let block = 0; block < 100; block += 1)
    writeFileSync(join(taken, String(block)), block === 42 ? String(gone) : '')
  expect(blockOf(await (await another(folder))())).toBe(142)
  expect(readdirSync(taken)).toHaveLength(100)
  await expect((await another(folder))()).rejects.toThrow('all ports for tests are taken')
  expect(first).toBeGreaterThan(9_999)
})
