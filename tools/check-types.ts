// Type-checks every project of the repository, and that no TypeScript file is outside of all of them. By TypeScript 7, and as one program those
// with the same settings; `--typescript-5` takes the one before it, and each by itself: many times as long. Folders leave the projects of all others out.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative, sep } from 'node:path'
import { sourceFilesBelow } from './files.ts'
import { nativeCompiler } from './native-compiler.ts'
import { joined, type Project, projectOf } from './type-projects.ts'
import { root } from './workspace.ts'

const consumers = join(root, 'tools', 'consumers')
const files = sourceFilesBelow(root).filter((file) => !file.startsWith(consumers))
const asked = process.argv
  .slice(2)
  .filter((argument) => !argument.startsWith('-'))
  .map((folder) => join(root, folder, sep))
const all = files.filter((file) => /[/\\]tsconfig\.json$/.test(file)).map(projectOf)
const projects = asked.length === 0 ? all : all.filter(({ file }) => asked.some((folder) => file.startsWith(folder)))

const byTypeScript5 = process.argv.includes('--typescript-5')
/** One thread each: several projects are checked at once. */
const compiler = byTypeScript5
  ? [join(root, 'node_modules', 'typescript', 'bin', 'tsc')]
  : [nativeCompiler, '--singleThreaded']

const name = (path: string): string => relative(root, path)

async function check({ file }: Project): Promise<boolean> {
  const child = spawn(process.execPath, [...compiler, '-p', file, '--pretty'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [status] = await once(child, 'close')
  return status === 0
}

const covered = new Set(all.flatMap((project) => project.files))
const strays = files.filter((file) => /\.[cm]?tsx?$/.test(file) && !covered.has(file) && existsSync(file))
if (strays.length > 0) console.error(`in no tsconfig.json: ${strays.map(name).join(', ')}`)

const broken = all.flatMap(({ errors }) => errors)
for (const error of broken) console.error(error)

/** As many compilers at once as there are processors: more of them only wait for each other. */
async function checkAll(waiting: Project[]): Promise<boolean> {
  let passed = true
  const work = async () => {
    for (let project = waiting.shift(); project !== undefined; project = waiting.shift()) {
      if (!(await check(project))) passed = false
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  return passed
}

const passed = await (byTypeScript5 ? checkAll([...projects]) : joined(projects, checkAll))
if (!passed || strays.length > 0 || broken.length > 0) process.exit(1)
console.log(`${projects.length} projects; ${covered.size} files, each in one`)
