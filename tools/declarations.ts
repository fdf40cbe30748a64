import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { rolldown } from 'rolldown'
import { dts } from 'rolldown-plugin-dts'
import { type Entry, entriesOf } from './entries.ts'
import { nativeCompiler } from './native-compiler.ts'
import { run } from './run.ts'
import { root, type WorkspacePackage } from './workspace.ts'

/** Writes the types of every entry, for ESM and for CommonJS: one file each, and what several of them share. */
export async function writeDeclarations(pkg: WorkspacePackage, into: string): Promise<void> {
  // Inside node_modules, so that Node's types are found from there.
  const folder = join(root, 'node_modules', '.cache', 'leasehold', `types-${basename(pkg.folder)}-${process.pid}`)
  try {
    await bundle(await compile(pkg, folder), into)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const sourceOf = ({ folder }: WorkspacePackage, { name }: Entry): string => {
  const places = [join(folder, 'src', `${name}.ts`), join(folder, 'src', name, 'index.ts')]
  const source = places.find(existsSync)
  if (source === undefined) throw new Error(`the entry ${name} has no source at ${places.join(' or ')}`)
  return source
}

/** A declaration file for each source file. Returns those of the entries, by name. */
async function compile(pkg: WorkspacePackage, folder: string): Promise<Record<string, string>> {
  const sources = entriesOf(pkg).map((entry) => [entry.name, sourceOf(pkg, entry)] as const)
  const rootDir = join(pkg.folder, 'src')
  const project = {
    extends: join(root, 'tsconfig.base.json'),
    files: sources.map(([, source]) => source),
    compilerOptions: { rootDir, outDir: folder, noEmit: false, declaration: true, emitDeclarationOnly: true },
  }
  mkdirSync(folder, { recursive: true })
  const projectFile = join(folder, 'tsconfig.json')
  writeFileSync(projectFile, JSON.stringify(project))
  await run(process.execPath, [nativeCompiler, '-p', projectFile], pkg.folder)
  return Object.fromEntries(
    sources.map(([name, source]) => [name, source.replace(rootDir, folder).replace(/[.]ts$/, '.d.ts')]),
  )
}

/** What is not reachable from an entry stays out. Packages are imported, as in the code. */
async function bundle(input: Record<string, string>, dir: string): Promise<void> {
  const bundled = await rolldown({
    input,
    plugins: [dts({ dtsInput: true, emitDtsOnly: true, tsconfig: false })],
    external: (id) => !/^[./]/.test(id),
    experimental: { attachDebugInfo: 'none' },
  })
  mkdirSync(dir, { recursive: true })
  for (const extension of ['d.ts', 'd.cts']) {
    const names = { entryFileNames: `[name].${extension}`, chunkFileNames: `[name]-[hash].${extension}` }
    const { output } = await bundled.generate({ dir, format: 'es', ...names })
    for (const file of output) {
      if (file.type === 'chunk') writeFileSync(join(dir, file.fileName), needsOf(file.code) + file.code)
    }
  }
  await bundled.close()
}

/**
 * What the types need beside those of the language. A project may compile for a language that is older, and have neither the types of Node nor those of a browser: then `AbortSignal` is
 * declared here alone. Where somebody else declares it, an empty interface adds nothing.
 */
function needsOf(code: string): string {
  const needs: readonly (readonly [RegExp, string])[] = [
    [/\b(Async)?Disposable\b/, '/// <reference lib="esnext.disposable" />\n'],
    [/\bAsyncItera/, '/// <reference lib="es2018.asynciterable" />\n'],
    [/\bAbortSignal\b/, 'declare global {\n  interface AbortSignal {}\n}\n'],
  ]
  return needs.map(([mentioned, line]) => (mentioned.test(code) ? line : '')).join('')
}
