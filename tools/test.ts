// Runs every check of this repository, the quickest to fail first. `npx pnpm test`

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { readManifest, root } from './workspace.ts'

/** Scripts of the root package.json. Each can be run alone: `npx pnpm check:api`. */
const order = [
  'check:style',
  'build',
  'check:types',
  'check:snippets',
  'check:imports',
  'check:unused',
  'check:api',
  'check:size',
  'check:packages',
  'check:consumers',
  'check:tests',
]

/** Takes longer than the others, and says itself how far it is. */
const reportsItself = new Set(['check:tests'])

const scripts = readManifest(root).scripts ?? {}

interface Outcome {
  readonly passed: boolean
  readonly output: string
}

async function runScript(name: string): Promise<Outcome> {
  const command = scripts[name]
  if (command === undefined) throw new Error(`package.json has no script ${name}`)
  const live = reportsItself.has(name)
  const child = spawn(command, {
    cwd: root,
    shell: true,
    stdio: ['ignore', live ? 'inherit' : 'pipe', live ? 'inherit' : 'pipe'],
  })
  const output = [child.stdout, child.stderr].map((stream) => (stream === null ? '' : text(stream)))
  const [status] = await once(child, 'close')
  return { passed: status === 0, output: (await Promise.all(output)).join('') }
}

const lastLine = (output: string): string => output.trim().split('\n').at(-1)?.trim() ?? ''

async function step(name: string): Promise<boolean> {
  const startedMs = performance.now()
  const { passed, output } = await runScript(name)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)
  const line = `${passed ? 'ok    ' : 'FAILED'} ${name.padEnd(16)} ${seconds} s`
  console.log(passed ? `${line}  ${lastLine(output)}` : `${output}\n${line}`)
  return passed
}

const forgotten = Object.keys(scripts).filter((name) => name.startsWith('check:') && !order.includes(name))
if (forgotten.length > 0) throw new Error(`not in the order of tools/test.ts: ${forgotten}`)

for (const name of order) {
  if (!(await step(name))) {
    console.error(`Run it alone: npx pnpm ${name}`)
    process.exit(1)
  }
}
