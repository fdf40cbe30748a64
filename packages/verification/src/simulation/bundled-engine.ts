import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bundle, type Patch } from '../mutants/bundle.ts'
import type { Engine } from './engine.ts'

const PROGRAM = `
  export { allOf, createLocks, resume, semaphore, shared, FenceGuard, isLeaseholdError } from '@leasehold/core'
  export { MemoryStore, memoryBackend } from '@leasehold/core/memory'
`

/** The engine from its sources, with the patches applied. */
export async function bundledEngine(patches: readonly Patch[] = []): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), 'leasehold-simulation-'))
  try {
    const file = join(folder, 'engine.mjs')
    await writeFile(file, await bundle(PROGRAM, patches))
    return (await import(pathToFileURL(file).href)) as Engine
  } finally {
    await rm(folder, { recursive: true })
  }
}
