import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { artifact } from './artifacts.ts'
import type { Times } from './remembered-times.ts'

const file = (): string => artifact('deep-passed.json')

/** When each piece of the deep tier passed here for the last time, in seconds since 1970. */
export const passedAt = (): Times => (existsSync(file()) ? (JSON.parse(readFileSync(file(), 'utf8')) as Times) : {})

export function notePassed(name: string): void {
  writeFileSync(file(), JSON.stringify({ ...passedAt(), [name]: Math.floor(Date.now() / 1000) }, null, 2))
}
