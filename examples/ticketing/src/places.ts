import { fileURLToPath } from 'node:url'

/** The folder of this example, seen from `src` as from `dist`. */
const home = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

/** What browsers get. */
export const PUBLIC = home('public')

/** The plan of the hall. */
export const PLAN = home('data/auditorium.json')

/** A server process, as it is written. */
export const SERVER_SOURCE = home('src/node/main.ts')

/** What is made here, and may be made anew at any time. */
export const made = (name: string): string => home(`dist/${name}`)
