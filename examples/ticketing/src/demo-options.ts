import { parseArgs } from 'node:util'
import { orUsage, STAGE_ARGS, STAGE_USAGE, stage, strategy, wholeNumber } from './command-line.ts'
import type { StageOptions } from './stage/stage.ts'
import { type StrategyName, strategyNames } from './strategies/index.ts'

export interface DemoOptions {
  readonly port: number
  readonly holdMs: number
  readonly strategy: StrategyName
  readonly stage: StageOptions
}

const USAGE = `demo [--hold 120] [--strategy ${strategyNames.join('|')}] [--port 7420]
  ${STAGE_USAGE}`

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
