import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../workspace.ts'
import type { Ledger } from './ledger.ts'
import { tierOf } from './test-files.ts'

/** Seconds that a check or a file of tests took, by name: on two idle cores, when somebody last ran with `--remember`. */
export type Times = Readonly<Record<string, number>>

const file = join(root, 'tools', 'testing', 'remembered-times.json')

export const rememberedTimes = (): Times => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Times) : {})

/** Seconds that something is likely to take: what nobody has timed yet is taken for rather long. */
export const expectedSeconds = (times: Times, name: string): number =>
  times[name] ?? (tierOf(name) === 'deep' ? 60 : 10)

/** Writes down how long everything took that passed. What is no longer there is forgotten. */
export function rememberRun(ledger: Ledger): void {
  const seen = [...ledger.entries.values()]
    .filter(({ seconds, counts }) => seconds !== undefined && counts.failed === 0)
    .map(({ piece, seconds = 0 }) => [piece.name, Math.round(seconds * 10) / 10] as const)
  const kept = Object.entries({ ...rememberedTimes(), ...Object.fromEntries(seen) })
    .filter(([name]) => name.startsWith('check:') || existsSync(join(root, name)))
    .sort(([one], [other]) => (one < other ? -1 : 1))
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`)
}
