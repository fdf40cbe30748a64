import { databaseAddress } from './database/open-database.ts'
import { lockAddress } from './locks/lock-address.ts'
import { serviceName, serviceNames } from './stage/services.ts'
import { assertPossible, type StageOptions } from './stage/stage.ts'
import { isStrategyName, type StrategyName, strategyNames } from './strategies/index.ts'

// What the command lines of the demo and of the race have in common.

export const STAGE_USAGE = `[--nodes 1] [--with ${serviceNames.join('|')}]
  [--locks memory:|postgres://…|redis://…|etcd://…] [--database postgres://…]`

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

/** Ends the process with the reason where it cannot begin. */
export async function orReason<T>(begin: () => Promise<T>): Promise<T> {
  try {
    return await begin()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
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
