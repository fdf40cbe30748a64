// What looks deeper than `npx pnpm test` and takes longer: `*.deep.test.ts`, and checks. `npx pnpm test:deep`
// `--minutes 30` runs what fits, and says what it did not get to; a next run begins with that. `--only` as in `test`.

import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { buildPackages } from './build-packages.ts'
import { messagesOf } from './messages.ts'
import { artifact } from './testing/artifacts.ts'
import { minutes } from './testing/clock-face.ts'
import { deepWork, type Work } from './testing/deep-work.ts'
import { Ledger } from './testing/ledger.ts'
import { parseOptions } from './testing/options.ts'
import { notePassed, passedAt } from './testing/passed-at.ts'
import { inOrder, nextThatFits } from './testing/plan.ts'
import { Provisions } from './testing/provisions.ts'
import { rememberedTimes, rememberRun } from './testing/remembered-times.ts'
import { Report } from './testing/report.ts'
import { select } from './testing/selection.ts'
import { allTestFiles } from './testing/test-files.ts'
import { secondsLeft } from './testing/time-left.ts'
import { vitestEnvironment } from './testing/vitest-environment.ts'

/** These work more than they wait: one for each processor. */
const atOnce = availableParallelism()

async function main(): Promise<boolean> {
  const options = parseOptions(process.argv.slice(2))
  const deadline = options.minutes === undefined ? undefined : performance.now() + options.minutes * 60_000
  const all = allTestFiles()
  const { files } = select(all, options.only)
  const deep = files.filter(({ tier }) => tier === 'deep')
  const provisions = new Provisions(deep)
  const names = provisions.describe()
  const [browser] = await Promise.all([provisions.provide(), buildPackages()])
  const work = deepWork(deep, vitestEnvironment('deep', browser), options.only.length === 0)
  if (work.length === 0) throw new Error('there is nothing in the deep tier of this')

  const times = rememberedTimes()
  const ledger = new Ledger(work.map(({ piece }) => piece))
  const left = () => secondsLeft([...ledger.entries.values()], times, atOnce)
  console.log(`${work.length} pieces of the deep tier, about ${minutes(left())} in all${limitOf(options.minutes)}`)
  for (const line of names) console.log(line)

  const report = new Report(ledger, left)
  try {
    await runWhatFits(inOrder(work, times, passedAt()), deadline, ledger, report)
  } finally {
    ledger.close()
    report.close()
  }
  writeFileSync(artifact('test-deep.json'), JSON.stringify(ledger.total()))
  if (options.remember) rememberRun(ledger)
  return ledger.failures.length === 0
}

const limitOf = (minutesGiven: number | undefined): string =>
  minutesGiven === undefined ? '' : `; there are ${minutes(minutesGiven * 60)}`

async function runWhatFits(
  work: readonly Work[],
  deadline: number | undefined,
  ledger: Ledger,
  report: Report,
): Promise<void> {
  const waiting = [...work]
  const secondsThere = (): number =>
    deadline === undefined ? Number.POSITIVE_INFINITY : (deadline - performance.now()) / 1000
  const times = rememberedTimes()
  const line = async (): Promise<void> => {
    for (;;) {
      const next = nextThatFits(waiting, times, secondsThere())
      if (next === undefined) return
      waiting.splice(waiting.indexOf(next), 1)
      await runUntil(next, secondsThere(), ledger, report)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, line))
  for (const { name } of waiting) ledger.leave(name)
}

/** What does not end in time counts as not got to: that it is slow is no fault of what it looks at. */
async function runUntil(work: Work, seconds: number, ledger: Ledger, report: Report): Promise<void> {
  const signal = Number.isFinite(seconds)
    ? AbortSignal.timeout(Math.max(Math.round(seconds * 1000), 0))
    : new AbortController().signal
  await work.run(ledger, report, signal)
  const entry = ledger.entry(work.name)
  if (signal.aborted && entry.seconds === undefined) ledger.leave(work.name)
  else if (entry.counts.failed === 0) notePassed(work.name)
}

try {
  if (!(await main())) process.exitCode = 1
} catch (error) {
  console.error(messagesOf(error))
  process.exitCode = 1
}
