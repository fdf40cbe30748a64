import { inspect } from 'node:util'
import type { ConformanceCase, ConformanceReport, Outcome } from '@leasehold/core/conformance'

const write = (line: string) => void process.stdout.write(`${line}\n`)
const message = (error: unknown) => (error instanceof Error ? error.message : String(error))
const indented = (text: string) => text.replaceAll(/^/gm, '      ')

const MARKS = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip', inconclusive: '?   ' }

/** One line as soon as a case has ended. */
export function printOutcome(testCase: ConformanceCase, outcome: Outcome): void {
  const why = 'reason' in outcome ? ` (${outcome.reason})` : ''
  write(`${MARKS[outcome.status]}  ${testCase.id}: ${testCase.title}${why}`)
}

export function printHuman({ backend, passed, failed, skipped, inconclusive }: ConformanceReport): void {
  for (const { id, error } of failed) write(`\nFAIL  ${id}\n${indented(inspect(error))}`)
  const unclear = inconclusive.length > 0 ? `, ${inconclusive.length} inconclusive` : ''
  write(`\n${backend}: ${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped${unclear}`)
}

export function printJson({ backend, passed, failed, skipped, inconclusive }: ConformanceReport): void {
  const failures = failed.map(({ id, error }) => ({ id, error: message(error) }))
  write(JSON.stringify({ backend, passed, failed: failures, skipped, inconclusive }, undefined, 2))
}
