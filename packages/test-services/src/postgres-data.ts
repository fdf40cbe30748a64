import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, realpathSync, statSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { isRemoved, removeAtEnd } from './machine/janitor.ts'
import type { Workplace } from './machine/workplace.ts'

const execute = promisify(execFile)

const cache = fileURLToPath(new URL('../node_modules/.cache/postgres-data', import.meta.url))

const options = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']

/**
 * Puts the data of an empty database there. What initdb makes is always the same, and takes it a second of work: it runs
 * once for each version of the program, and its result is copied.
 */
export async function putEmptyDatabase(initdb: string, place: Workplace, name: string): Promise<void> {
  const original = join(cache, versionOf(initdb))
  if (!existsSync(original)) await keep(initdb, place, original)
  await execute('cp', ['-R', original, place.path(name)])
  await place.ownAll(name)
}

/** As the file is now: it may be replaced by another version. */
function versionOf(initdb: string): string {
  const path = realpathSync(initdb)
  const { size, mtimeMs } = statSync(path)
  const all = JSON.stringify([path, size, mtimeMs, options])
  return createHash('sha256').update(all).digest('hex').slice(0, 16)
}

async function keep(initdb: string, place: Workplace, original: string): Promise<void> {
  const made = 'initdb'
  await place.run(initdb, ['-D', place.path(made), ...options])
  const draft = `${original}-${process.pid}`
  removeAtEnd(draft)
  await mkdir(cache, { recursive: true })
  await execute('cp', ['-R', place.path(made), draft])
  // Another process may have been quicker: theirs is as good.
  await rename(draft, original).catch(() => rm(draft, { recursive: true }))
  isRemoved(draft)
  await rm(place.path(made), { recursive: true })
}
