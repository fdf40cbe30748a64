// Everything that has to pass: builds, then checks beside the tests, which mostly wait. `npx pnpm test`
// `-- --only redis` runs what concerns one package or one set-up of a backend; `--remember` writes down what each file took.

import { writeFileSync } from 'node:fs'
import { buildPackages } from './build-packages.ts'
import { messagesOf } from './messages.ts'
import { artifact } from './testing/artifacts.ts'
import { minutes } from './testing/clock-face.ts'
import { type Entry, Ledger } from './testing/ledger.ts'
import { parseOptions } from './testing/options.ts'
import { checkPiece, filePiece } from './testing/pieces.ts'
import { Provisions } from './testing/provisions.ts'
import { rememberedTimes, rememberRun } from './testing/remembered-times.ts'
import { Report } from './testing/report.ts'
import { runCheck } from './testing/run-check.ts'
import { runVitest } from './testing/run-vitest.ts'
import { type Selection, select } from './testing/selection.ts'
import { allTestFiles } from './testing/test-files.ts'
import { secondsLeft } from './testing/time-left.ts'
import { vitestEnvironment } from './testing/vitest-environment.ts'
import { workers } from './testing/workers.ts'

const isCheck = ({ piece }: Entry): boolean => piece.group === 'checks'

async function main(): Promise<boolean> {
  const options = parseOptions(process.argv.slice(2))
  const selection = select(
    allTestFiles().filter(({ tier }) => tier === 'usual'),
    options.only,
  )
  const ledger = new Ledger([...selection.checks.map(checkPiece), ...selection.files.map(filePiece)])
  const times = rememberedTimes()
  // Checks and tests are two lines that run side by side.
  const left = () => {
    const entries = [...ledger.entries.values()]
    const tests = entries.filter((entry) => !isCheck(entry))
    return Math.max(secondsLeft(entries.filter(isCheck), times, 1), secondsLeft(tests, times, workers))
  }
  const provisions = new Provisions(selection.files)
  console.log(
    `${selection.checks.length} checks and ${selection.files.length} files of tests, about ${minutes(left())}`,
  )
  for (const line of provisions.describe()) console.log(line)

  const [browser] = await Promise.all([provisions.provide(), buildPackages()])
  const report = new Report(ledger, left)
  try {
    await run(selection, vitestEnvironment('usual', browser), ledger, report)
  } finally {
    ledger.close()
    report.close()
  }
  writeFileSync(artifact('test.json'), JSON.stringify(ledger.total()))
  if (options.remember) rememberRun(ledger)
  return ledger.failures.length === 0
}

async function run(
  { checks, files }: Selection,
  environment: NodeJS.ProcessEnv,
  ledger: Ledger,
  report: Report,
): Promise<void> {
  const paths = files.map(({ path }) => path)
  const testing =
    paths.length === 0
      ? undefined
      : runVitest({ files: paths, environment, logFile: artifact('test.log') }, ledger, report)
  for (const check of checks) await runCheck(check, ledger, report)
  await testing
}

try {
  if (!(await main())) process.exitCode = 1
} catch (error) {
  console.error(messagesOf(error))
  process.exitCode = 1
}
