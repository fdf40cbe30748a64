// Type-checks every project of the repository, and that no TypeScript file is outside of all of them. By TypeScript 7;
// `--typescript-5` takes the one before it, eight times as long; folders leave the projects of all others out.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative, sep } from 'node:path'
import ts from 'typescript'
import { sourceFilesBelow } from './files.ts'
import { nativeCompiler } from './native-compiler.ts'
import { root } from './workspace.ts'

const consumers = join(root, 'tools', 'consumers')
const files = sourceFilesBelow(root).filter((file) => !file.startsWith(consumers))
const asked = process.argv
  .slice(2)
  .filter((argument) => !argument.startsWith('-'))
  .map((folder) => join(root, folder, sep))
const all = files.filter((file) => /[/\\]tsconfig\.json$/.test(file))
const projects = asked.length === 0 ? all : all.filter((file) => asked.some((folder) => file.startsWith(folder)))

/** One thread each: several projects are checked at once. */
const compiler = process.argv.includes('--typescript-5')
  ? [join(root, 'node_modules', 'typescript', 'bin', 'tsc')]
  : [nativeCompiler, '--singleThreaded']

const name = (path: string): string => relative(root, path)

function filesOf(project: string): string[] {
  const { config } = ts.readConfigFile(project, ts.sys.readFile)
  return ts.parseJsonConfigFileContent(config, ts.sys, join(project, '..')).fileNames
}

async function check(project: string): Promise<boolean> {
  const child = spawn(process.execPath, [...compiler, '-p', project, '--pretty'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [status] = await once(child, 'close')
  return status === 0
}

const covered = new Set(all.flatMap(filesOf))
const strays = files.filter((file) => /\.[cm]?tsx?$/.test(file) && !covered.has(file) && existsSync(file))
if (strays.length > 0) console.error(`in no tsconfig.json: ${strays.map(name).join(', ')}`)

/** As many compilers at once as there are processors: more of them only wait for each other. */
const waiting = [...projects]
let failed = strays.length > 0
async function work(): Promise<void> {
  for (let project = waiting.shift(); project !== undefined; project = waiting.shift()) {
    if (!(await check(project))) failed = true
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, work))
if (failed) process.exit(1)
console.log(`${projects.length} projects; ${covered.size} files, each in one`)
