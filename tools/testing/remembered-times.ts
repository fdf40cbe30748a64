import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../workspace.ts'

/** Seconds that a check or a file of tests took, by name: on two idle cores, when somebody last ran with `--remember`. */
export type Times = Readonly<Record<string, number>>

const file = join(root, 'tools', 'testing', 'remembered-times.json')

export const rememberedTimes = (): Times => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Times) : {})

/** What is new takes its place; what is no longer there is forgotten. */
export function remember(seen: Times, exists: (name: string) => boolean): void {
  const kept = Object.entries({ ...rememberedTimes(), ...seen })
    .filter(([name]) => exists(name))
    .map(([name, seconds]) => [name, Math.round(seconds * 10) / 10] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1))
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`)
}
