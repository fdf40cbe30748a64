// Every compiler that is supported, with each of the settings that projects have, and `skipLibCheck` off. What CommonJS comes of it is run.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'

const compilers = {
  5.2: 'node_modules/typescript-5.2/bin/tsc',
  5.6: 'node_modules/typescript-5.6/bin/tsc',
  5.9: process.env['TYPESCRIPT_5'],
  7: process.env['TYPESCRIPT_7'],
}

/** What `tsc --init` wrote from 5.2 to 5.6, but for `skipLibCheck`. It stands for ts-jest, ts-node and older frameworks. */
const init = { target: 'es2016', module: 'commonjs', esModuleInterop: true, forceConsistentCasingInFileNames: true }
const node16 = { target: 'ES2022', module: 'Node16', moduleResolution: 'Node16' }
const bundler = { target: 'ES2022', module: 'ESNext', moduleResolution: 'Bundler', noEmit: true }
const bare = { lib: ['ES2022'], types: [] }
const disposable = { lib: ['ES2022', 'ESNext.Disposable'], types: [] }
const exact = { exactOptionalPropertyTypes: true }

/** The types of drivers take longest to read: `backends` names the compilers that do. */
const projects = [
  { name: 'as made by tsc --init', ...init, types: [], runs: true },
  { name: 'as made by tsc --init, with types of Node', ...init, types: ['node'], backends: ['5.6', '7'] },
  { name: 'without a library of the DOM, or types of Node', ...init, ...bare, ...exact },
  { name: 'nothing but ES2022', ...node16, ...bare, ...exact },
  { name: 'ES2022 and ESNext.Disposable', ...node16, ...disposable },
  { name: 'the same for a bundler', ...bundler, ...disposable, ...exact },
  { name: 'for a bundler and a browser', ...bundler, types: [] },
  { name: 'types of Node', ...node16, types: ['node'], runs: true },
  { name: 'types of Node, exact', ...node16, ...exact, types: ['node'], backends: ['5.2', '5.9', '7'] },
]

/** Of those whom nobody has asked: drivers whose own types do not compile, with an old compiler and `skipLibCheck` off. */
const isOfDriver = (line) => line.includes('/node_modules/.pnpm/')

const failures = []
let compiled = 0

async function compile(version, compiler, { name, runs, backends = [], ...options }, index) {
  const outDir = `out/${version}-${index}`
  const file = `tsconfig.${version}-${index}.json`
  mkdirSync(outDir, { recursive: true })
  const files = backends.includes(version) ? ['core.ts', 'backends.ts'] : ['core.ts']
  const compilerOptions = { strict: true, skipLibCheck: false, outDir, ...options }
  writeFileSync(file, JSON.stringify({ compilerOptions, files }))
  const child = spawn(process.execPath, [compiler, '-p', file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'close')])
  compiled += 1
  const errors = output.split('\n').filter((line) => line.includes('error TS'))
  if (status !== 0 && (errors.length === 0 || !errors.every(isOfDriver))) {
    return failures.push(`TypeScript ${version}, ${name}:\n${output}`)
  }
  if (!runs) return
  const { status: ended, stderr } = spawnSync(process.execPath, [`${outDir}/core.js`], { encoding: 'utf8' })
  if (ended !== 0) failures.push(`TypeScript ${version}, ${name}, run:\n${stderr}`)
}

const waiting = Object.entries(compilers).flatMap(([version, compiler]) =>
  projects.map((project, index) => () => compile(version, compiler, project, index)),
)
const work = async () => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next()
}
await Promise.all([work(), work()])
for (const failure of failures) console.error(failure)
console.log(`${compiled} projects compiled, ${failures.length} failed`)
if (failures.length > 0 || compiled < 4 * projects.length) process.exit(1)
