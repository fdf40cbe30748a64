import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startRedis, until } from '../src/index.ts'
import { LocalServer } from '../src/machine/local-server.ts'

const program = fileURLToPath(new URL('dies-with-a-server.ts', import.meta.url))

interface Remains {
  readonly port: number
  readonly folder: string
}

/** What a process that ended in this way says that it leaves behind. */
const after = (fate: string): Promise<Remains> =>
  new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', program, fate], (_error, stdout) => resolve(JSON.parse(stdout)))
  })

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

async function isCleanedUp({ port, folder }: Remains): Promise<void> {
  expect(folder).not.toBe('')
  await until('the folder is gone', () => !existsSync(folder))
  expect(await answers(port)).toBe(false)
}

// Side by side: each is a process of its own.
test.concurrent.each([
  ['was killed', 'killed'],
  ['called process.exit', 'exits'],
  ['forgot to stop it', 'forgets'],
  ['was killed after it froze the server', 'frozen'],
])('nothing is left of a server whose test process %s', async (_how, fate) => {
  await isCleanedUp(await after(fate))
})

test('nothing is left of a server that was stopped', async () => {
  const server = await startRedis({ own: true })
  const folder = server instanceof LocalServer ? server.folder : ''
  await server.stop()
  await isCleanedUp({ port: server.port, folder })
})

test('a server that was frozen can be stopped', async () => {
  const server = await startRedis({ own: true })
  server.freeze()
  await server.stop()
  expect(await answers(server.port)).toBe(false)
})

test('a server that does not start tells what it printed', async () => {
  await expect(startRedis({ settings: { 'no-such-setting': 1 } })).rejects.toThrow(/no-such-setting/)
})
