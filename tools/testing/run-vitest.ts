import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { root } from '../workspace.ts'
import { endFamily, spawnFamily } from './family.ts'
import type { Ledger } from './ledger.ts'
import { againAlone } from './pieces.ts'
import type { Report } from './report.ts'
import type { TestEvent, TestFailed } from './test-events.ts'

const vitest = join(root, 'node_modules', '.bin', 'vitest')

export interface VitestRun {
  readonly files: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  /** Takes all that vitest and the tests print. */
  readonly logFile: string
  /** Ends it early. What has not ended by then is told by the ledger. */
  readonly signal?: AbortSignal
}

/** Runs files of tests and enters what came of each. */
export async function runVitest(
  { files, environment, logFile, signal }: VitestRun,
  ledger: Ledger,
  report: Report,
): Promise<void> {
  const reporters = ['--reporter=./tools/testing/tell-parent.ts', '--reporter=default']
  const child = spawnFamily(vitest, ['run', ...reporters, ...files], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const failuresBefore = ledger.failures.length
  const log = createWriteStream(logFile)
  for (const stream of [child.stdout, child.stderr]) stream?.pipe(log, { end: false })
  child.on('message', (event) => enter(event as TestEvent, ledger, report))
  signal?.addEventListener('abort', () => endFamily(child))
  const [status] = await once(child, 'close')
  log.end()
  const told = ledger.failures.length > failuresBefore
  if (status !== 0 && !told && signal?.aborted !== true) {
    ledger.failAtLarge({
      what: 'vitest',
      report: `ended with ${status}, see ${logFile}`,
      again: 'npx pnpm check:tests',
    })
  }
}

function enter(event: TestEvent, ledger: Ledger, report: Report): void {
  if (event.type === 'failed') enterFailure(event, ledger, report)
  else if (event.type === 'started') ledger.start(event.file)
  else if (event.type === 'collected') ledger.entry(event.file).tests = event.tests
  else if (event.type === 'tested') {
    if (ledger.entry(event.file).seconds === undefined) ledger.count(event.file, event.state)
  } else {
    // Results of tests may still be under way: these are all of them.
    Object.assign(ledger.entry(event.file).counts, event.counts)
    ledger.end(event.file)
    report.update()
  }
}

function enterFailure(event: TestFailed, ledger: Ledger, report: Report): void {
  const { file, test } = event
  const piece = ledger.entries.get(file)?.piece
  const what = [file, ...(test ?? [])].join(' > ')
  if (piece === undefined) {
    ledger.failAtLarge({ what, report: event.report, again: 'npx pnpm check:tests' })
  } else if (test === undefined) {
    ledger.fail({ what, report: event.report, again: piece.again })
  } else {
    ledger.fail({ what, report: event.report, again: againAlone(piece, test) })
  }
  report.showFailure(what, event.report)
}
