import { parseArgs } from 'node:util'
import { databaseAddress } from './database/open-database.ts'
import { lockAddress } from './locks/lock-address.ts'
import { serviceName, serviceNames } from './stage/services.ts'
import { assertPossible, type StageOptions } from './stage/stage.ts'
import { isStrategyName, type StrategyName, strategyNames } from './strategies/index.ts'

export interface DemoOptions {
  readonly port: number
  readonly holdMs: number
  readonly strategy: StrategyName
  readonly stage: StageOptions
}

const USAGE = `demo [--nodes 1] [--with ${serviceNames.join('|')}] [--locks memory:|postgres://…|redis://…|etcd://…]
  [--database postgres://…] [--hold 120] [--strategy ${strategyNames.join('|')}] [--port 7420]`

/** Ends the process with a line of usage where the command line makes no sense, and with the reason where it asks for what cannot work. */
export function readDemoOptions(args: readonly string[]): DemoOptions {
  return orUsage(USAGE, () => {
    const { values } = parseArgs({
      args: args.filter((arg) => arg !== '--'),
      options: { port: { type: 'string' }, hold: { type: 'string' }, strategy: { type: 'string' }, ...STAGE_ARGS },
    })
    return {
      port: wholeNumber('port', values.port ?? '7420', 0, 65_535),
      holdMs: wholeNumber('hold', values.hold ?? '120', 2, 3600) * 1000,
      strategy: strategy(values.strategy ?? 'fenced-lease'),
      stage: stage(values),
    }
  })
}

export const STAGE_ARGS = {
  nodes: { type: 'string' },
  with: { type: 'string' },
  locks: { type: 'string' },
  database: { type: 'string' },
} as const

export function stage(values: Partial<Record<keyof typeof STAGE_ARGS, string | undefined>>): StageOptions {
  const options = {
    nodes: wholeNumber('nodes', values.nodes ?? '1', 1, 16),
    with: values.with === undefined ? undefined : serviceName(values.with),
    locks: values.locks === undefined ? undefined : lockAddress(values.locks),
    database: values.database === undefined ? undefined : databaseAddress(values.database),
  }
  assertPossible(options)
  return options
}

export function orUsage<T>(usage: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nUsage: ${usage}\n`)
    process.exit(2)
  }
}

export function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new RangeError(`--${name} is a whole number from ${min} to ${max}.`)
}

export function strategy(name: string): StrategyName {
  if (isStrategyName(name)) return name
  throw new RangeError(`--strategy is one of ${strategyNames.join(', ')}.`)
}
