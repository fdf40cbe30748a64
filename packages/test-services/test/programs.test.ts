import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const program = fileURLToPath(new URL('dies-with-a-server.ts', import.meta.url))

test('where a program is missing and cannot be installed, the error is the command that installs it', () => {
  // Nothing is found on this path: neither the server nor an installer.
  const { stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', program], {
    env: { PATH: '/nonexistent' },
    encoding: 'utf8',
  })
  expect(status).not.toBe(0)
  expect(stderr).toContain('apt-get install -y --no-install-recommends redis-server redis-tools')
  expect(stderr).toContain('LEASEHOLD_REDIS_URL')
})
