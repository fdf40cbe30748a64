import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { build } from 'esbuild'
import { SERVER_PROGRAM, SERVER_SOURCE } from '../places.ts'

let built: Promise<string> | undefined

/** The server as one file, made anew once in the life of this process: it starts in a third of the time that the translation of each module takes. */
export function serverProgram(): Promise<string> {
  built ??= bundle()
  return built
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [SERVER_SOURCE],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    write: false,
    outfile: SERVER_PROGRAM,
  })
  const [program] = outputFiles
  if (program === undefined) throw new Error('The server could not be put together.')
  // Another demo may be starting from the same file: it finds a whole one at any time.
  const draft = `${SERVER_PROGRAM}.${process.pid}`
  await mkdir(dirname(SERVER_PROGRAM), { recursive: true })
  await writeFile(draft, program.contents)
  await rename(draft, SERVER_PROGRAM)
  return SERVER_PROGRAM
}
