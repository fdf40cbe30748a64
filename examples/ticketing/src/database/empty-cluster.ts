import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { PGlite } from '@electric-sql/pglite'
import { made } from '../places.ts'
import { writeWhole } from '../write-whole.ts'

type Embedded = typeof PGlite

/** To set up a cluster takes the embedded Postgres some seconds, and it is the same each time: it is done once, and kept for the next start. */
export async function createFromEmptyCluster(pglite: Embedded): Promise<PGlite> {
  const kept = await readFile(keptAt()).catch(() => undefined)
  if (kept === undefined) return createAndKeep(pglite)
  return pglite.create({ loadDataDir: new Blob([kept]) }).catch(() => createAndKeep(pglite))
}

async function createAndKeep(pglite: Embedded): Promise<PGlite> {
  const postgres = await pglite.create()
  const dump = await postgres.dumpDataDir('none')
  // Where it cannot be written, the next start takes as long.
  await writeWhole(keptAt(), new Uint8Array(await dump.arrayBuffer())).catch(() => {})
  return postgres
}

/** Another version has another cluster. */
function keptAt(): string {
  const version = createRequire(import.meta.url).resolve('@electric-sql/pglite')
  return made(`empty-cluster-${createHash('sha256').update(version).digest('hex').slice(0, 8)}.tar`)
}
