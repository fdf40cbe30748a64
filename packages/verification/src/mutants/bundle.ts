import { readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const packages = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')
const core = join(packages, 'core', 'src')

const entries: Record<string, string> = {
  '@leasehold/core': join(core, 'index.ts'),
  '@leasehold/core/memory': join(core, 'memory', 'index.ts'),
  '@leasehold/core/conformance': join(core, 'conformance', 'index.ts'),
  '@leasehold/redis/quorum': join(packages, 'redis', 'src', 'quorum', 'quorum.ts'),
  '@leasehold/redis/rank': join(packages, 'redis', 'src', 'quorum', 'rank.ts'),
}

/** One change to one source file of core, or of what is bundled with it. */
export interface Patch {
  /** Below `packages/core/src`. */
  readonly file: string
  /** Must occur exactly once: a patch that went stale fails loudly. */
  readonly find: string
  readonly replace: string
}

/** The program with all of core in it, from its sources, with the patches applied: text of an ES module. */
export async function bundle(program: string, patches: readonly Patch[] = []): Promise<string> {
  const result = await build({
    stdin: { contents: program, resolveDir: packages, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
    plugins: [fromSources, patched(patches)],
  })
  return result.outputFiles[0]?.text ?? ''
}

/** What the patches of each list say where they do not fit the sources any more. */
export async function staleIn(lists: readonly (readonly Patch[])[]): Promise<string[]> {
  const problems = await Promise.all(lists.map((patches) => applyAll(patches).catch((error: Error) => error.message)))
  return problems.filter((problem) => problem !== undefined)
}

async function applyAll(patches: readonly Patch[]): Promise<undefined> {
  for (const file of new Set(patches.map((patch) => patch.file)))
    patches.filter((patch) => patch.file === file).reduce(apply, await readFile(join(core, file), 'utf8'))
}

const fromSources: Plugin = {
  name: 'from-sources',
  setup({ onResolve }) {
    onResolve({ filter: /^@leasehold\// }, ({ path }) => {
      const source = entries[path]
      return source === undefined ? undefined : { path: source }
    })
  },
}

const patched = (patches: readonly Patch[]): Plugin => ({
  name: 'patched',
  setup({ onLoad, onEnd }) {
    const applied = new Set<Patch>()
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const file = relative(core, path)
      const mine = patches.filter((patch) => patch.file === file)
      if (mine.length === 0) return undefined
      for (const patch of mine) applied.add(patch)
      return { contents: mine.reduce(apply, await readFile(path, 'utf8')), loader: 'ts' }
    })
    onEnd(() => {
      const unused = patches.filter((patch) => !applied.has(patch))
      if (unused.length > 0) throw new Error(`not part of the bundle: ${unused.map(({ file }) => file).join(', ')}`)
    })
  },
})

function apply(source: string, { file, find, replace }: Patch): string {
  const [before, after, ...more] = source.split(howeverWrapped(find))
  if (before === undefined || after === undefined) throw new Error(`stale patch, not found in ${file}: ${find}`)
  if (more.length > 0) throw new Error(`ambiguous patch, found ${more.length + 1} times in ${file}: ${find}`)
  return `${before}${replace}${after}`
}

/** Finds the text, wherever the formatter broke its lines. */
const howeverWrapped = (text: string): RegExp =>
  new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/\s+/g, '\\s+'))
