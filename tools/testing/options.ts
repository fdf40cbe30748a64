import { parseArgs } from 'node:util'

export interface TestOptions {
  /** Packages and set-ups of backends; none: everything. */
  readonly only: readonly string[]
  /** Write down how long everything took, for the next estimate. */
  readonly remember: boolean
  /** Undefined: as long as it takes. */
  readonly minutes: number | undefined
}

/** What a command of tests was asked for. pnpm hands `--` on. */
export function parseOptions(args: readonly string[]): TestOptions {
  const { values } = parseArgs({
    args: args.filter((argument) => argument !== '--'),
    options: {
      only: { type: 'string', multiple: true, default: [] },
      remember: { type: 'boolean', default: false },
      minutes: { type: 'string' },
    },
  })
  const minutes = values.minutes === undefined ? undefined : Number(values.minutes)
  if (minutes !== undefined && !(minutes >= 0)) throw new Error(`--minutes must be a number; got "${values.minutes}"`)
  return { only: values.only.flatMap((names) => names.split(',')), remember: values.remember, minutes }
}
