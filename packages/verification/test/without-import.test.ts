import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { runInThisContext } from 'node:vm'
import { createLocks, type LockBackend } from '@leasehold/core'
import { migrate } from '@leasehold/postgres'
import { startPostgres } from '@leasehold/test-services'
import pg from 'pg'
import { expect, it } from 'vitest'

/** Loads a CommonJS file as test runners do that keep their tests apart: it has `require`, and `import()` fails. */
function loaded(path: string): Record<string, unknown> {
  const module = { exports: {} }
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${readFileSync(path, 'utf8')}\n})`
  runInThisContext(wrapped, { filename: path })(module.exports, createRequire(path), module, path, dirname(path))
  return module.exports
}

it('advisory locks make their clients where nothing can be imported but by require', async () => {
  await expect(runInThisContext(`import('pg')`)).rejects.toThrow('dynamic import callback')
  await using server = await startPostgres()
  const pool = new pg.Pool({ connectionString: server.url, max: 1 })
  await migrate(pool)
  await pool.end()
  const path = createRequire(import.meta.url).resolve('@leasehold/postgres')
  const { postgresAdvisoryBackend } = loaded(path) as {
    postgresAdvisoryBackend(options: { connection: string }): LockBackend
  }
  const locks = createLocks(postgresAdvisoryBackend({ connection: server.url }))
  expect(await locks.named('without import').run(() => 'held')).toBe('held')
  await locks.close()
})
