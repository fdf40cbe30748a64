// Runs the tests several times in a row, to see whether they ever cry wolf. `npx pnpm test:again --times 6 --busy 6`
// `--busy` is how many processes spin beside them. Whatever else is given goes to `npx pnpm test`: `--only core`.

import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { messagesOf } from './messages.ts'
import { artifact } from './testing/artifacts.ts'
import { startBusyLoops } from './testing/busy-loops.ts'
import { minutes } from './testing/clock-face.ts'
import { spawnFamily } from './testing/family.ts'
import { root } from './workspace.ts'

interface Outcome {
  readonly seconds: number
  readonly passed: boolean
}

function options() {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((argument) => argument !== '--'),
    options: {
      times: { type: 'string', default: '6' },
      busy: { type: 'string', default: '0' },
      only: { type: 'string', multiple: true, default: [] },
    },
  })
  return {
    times: wholeNumber('--times', values.times, 1),
    busy: wholeNumber('--busy', values.busy, 0),
    only: values.only.flatMap((name) => ['--only', name]),
  }
}

function wholeNumber(option: string, text: string, least: number): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < least) {
    throw new Error(`${option} must be a whole number, at least ${least}; got "${text}"`)
  }
  return number
}

async function runOnce(number: number, args: readonly string[]): Promise<Outcome> {
  const logFile = artifact(`again-${number}.log`)
  const startedMs = performance.now()
  const child = spawnFamily(process.execPath, ['--import', 'tsx', join(root, 'tools', 'test.ts'), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log = createWriteStream(logFile)
  let lastLine = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      log.write(chunk)
      lastLine = String(chunk).trim().split('\n').at(-1) ?? lastLine
    })
  }
  const [status] = await once(child, 'close')
  log.end()
  const outcome = { seconds: (performance.now() - startedMs) / 1000, passed: status === 0 }
  console.log(`run ${number}: ${describe(outcome)}  ${lastLine}  ${relative(root, logFile)}`)
  return outcome
}

const describe = ({ seconds, passed }: Outcome): string => `${passed ? 'ok    ' : 'FAILED'} ${minutes(seconds)}`

function summary(outcomes: readonly Outcome[]): string {
  const sorted = outcomes.map(({ seconds }) => seconds).sort((one, other) => one - other)
  const middle = (sorted[Math.floor((sorted.length - 1) / 2)] ?? 0) + (sorted[Math.ceil((sorted.length - 1) / 2)] ?? 0)
  return [
    '| runs | failed | min | median | max |',
    '|---|---|---|---|---|',
    `| ${sorted.length} | ${outcomes.filter(({ passed }) => !passed).length} | ${[sorted[0] ?? 0, middle / 2, sorted.at(-1) ?? 0].map(minutes).join(' | ')} |`,
  ].join('\n')
}

async function main(): Promise<boolean> {
  const { times, busy, only } = options()
  console.log(`${times} runs${busy === 0 ? '' : `, beside ${busy} busy loops`}`)
  using _loops = startBusyLoops(busy)
  const outcomes: Outcome[] = []
  for (let number = 1; number <= times; number++) outcomes.push(await runOnce(number, only))
  console.log(`\n${summary(outcomes)}`)
  return outcomes.every(({ passed }) => passed)
}

try {
  if (!(await main())) process.exitCode = 1
} catch (error) {
  console.error(messagesOf(error))
  process.exitCode = 1
}
