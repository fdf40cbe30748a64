import { once } from 'node:events'
import type { Check } from '../checks.ts'
import { root } from '../workspace.ts'
import { endFamily, spawnFamily } from './family.ts'
import type { Ledger } from './ledger.ts'
import { checkPiece } from './pieces.ts'
import type { Report } from './report.ts'

/** Runs a check and enters what came of it. */
export async function runCheck(check: Check, ledger: Ledger, report: Report, signal?: AbortSignal): Promise<void> {
  const piece = checkPiece(check)
  const { name } = piece
  ledger.start(name)
  const [program = '', ...args] = check.command
  const child = spawnFamily(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  signal?.addEventListener('abort', () => endFamily(child))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)))
  const [status] = await once(child, 'close')
  if (signal?.aborted === true) return
  ledger.count(name, status === 0 ? 'passed' : 'failed')
  if (status !== 0) {
    ledger.fail({ what: name, report: lastLineOf(output), again: piece.again })
    report.showFailure(name, output.trim())
  }
  ledger.end(name)
  report.update()
}

const lastLineOf = (output: string): string => output.trim().split('\n').at(-1) ?? ''
