import { readFileSync } from 'node:fs'
import type { LockOperation } from '@leasehold/core/conformance'

interface Judged {
  readonly porcupine: 'Ok' | 'Illegal' | 'Unknown'
  readonly history: readonly LockOperation[]
}

/** Histories, and what Porcupine said of each. */
export function porcupineVerdicts(): readonly Judged[] {
  const file = new URL('../../porcupine/verdicts.jsonl', import.meta.url)
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line, (name, value: unknown) => (isWhole(name, value) ? BigInt(value) : value)))
}

const WHOLE: ReadonlySet<string> = new Set(['called', 'returned', 'validUntil', 'fencingToken'])

const isWhole = (name: string, value: unknown): value is number => typeof value === 'number' && WHOLE.has(name)
