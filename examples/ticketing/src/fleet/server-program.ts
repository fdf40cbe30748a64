import { build } from 'esbuild'
import { made, SERVER_SOURCE } from '../places.ts'
import { writeWhole } from '../write-whole.ts'

const SERVER_PROGRAM = made('node.js')

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
  await writeWhole(SERVER_PROGRAM, program.contents)
  return SERVER_PROGRAM
}
