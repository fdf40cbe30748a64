import { parseArgs } from 'node:util'
import { isStrategyName, type StrategyName, strategyNames } from './strategies/index.ts'

export interface DemoOptions {
  readonly port: number
  readonly holdMs: number
  readonly strategy: StrategyName
}

const USAGE = `demo [--port 7420] [--hold 120] [--strategy ${strategyNames.join('|')}]`

/** Ends the process with a line of usage where the command line makes no sense. */
export function readDemoOptions(args: readonly string[]): DemoOptions {
  try {
    const { values } = parseArgs({
      args: args.filter((arg) => arg !== '--'),
      options: { port: { type: 'string' }, hold: { type: 'string' }, strategy: { type: 'string' } },
    })
    return {
      port: wholeNumber('port', values.port ?? '7420', 0, 65_535),
      holdMs: wholeNumber('hold', values.hold ?? '120', 2, 3600) * 1000,
      strategy: strategy(values.strategy ?? 'fenced-lease'),
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nUsage: ${USAGE}\n`)
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
