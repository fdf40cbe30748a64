import { basename } from 'node:path'
import { type Check, deepChecks } from '../checks.ts'
import { artifact } from './artifacts.ts'
import type { Ledger } from './ledger.ts'
import { checkPiece, filePiece, type Piece } from './pieces.ts'
import type { Report } from './report.ts'
import { runCheck } from './run-check.ts'
import { runVitest } from './run-vitest.ts'
import type { TestFile } from './test-files.ts'

/** A piece of the deep tier: each runs in a process of its own, and can be ended when time is up. */
export interface Work {
  readonly name: string
  readonly piece: Piece
  run(ledger: Ledger, report: Report, signal: AbortSignal): Promise<void>
}

/** Checks are left out where a part of the repository was asked for. */
export const deepWork = (files: readonly TestFile[], environment: NodeJS.ProcessEnv, all: boolean): Work[] => [
  ...(all ? deepChecks.map(checkWork) : []),
  ...files.map((file) => fileWork(file, environment)),
]

const checkWork = (check: Check): Work => {
  const piece = checkPiece(check)
  return { name: piece.name, piece, run: (ledger, report, signal) => runCheck(check, ledger, report, signal) }
}

const fileWork = (file: TestFile, environment: NodeJS.ProcessEnv): Work => ({
  name: file.path,
  piece: filePiece(file),
  run: (ledger, report, signal) => {
    const logFile = artifact(`${file.package}-${basename(file.path, '.deep.test.ts')}.log`)
    return runVitest({ files: [file.path], environment, logFile, signal }, ledger, report)
  },
})
