import { parseArgs } from 'node:util'
import { orUsage, STAGE_ARGS, STAGE_USAGE, stage, strategy, wholeNumber } from '../command-line.ts'
import type { StageOptions } from '../stage/stage.ts'
import { type StrategyName, strategyNames } from '../strategies/index.ts'
import type { Contest } from './contest.ts'
import { mostFreezes } from './run.ts'

export interface RaceOptions {
  readonly contest: Contest
  readonly strategies: readonly StrategyName[]
  readonly json: boolean
  readonly stage: StageOptions
}

const USAGE = `race [--customers 400] [--freeze 4] [--strategy ${strategyNames.join('|')}] [--json]
  ${STAGE_USAGE}`

/** etcd grants nothing shorter than this, as it comes; and each step of a checkout has so long on a busy machine. */
const HOLD_MS = 2000
const FREEZE_MS = 4000

/** Ends the process with a line of usage where the command line makes no sense. */
export function readRaceOptions(args: readonly string[]): RaceOptions {
  return orUsage(USAGE, () => {
    const { values } = parseArgs({
      args: args.filter((arg) => arg !== '--'),
      options: {
        customers: { type: 'string' },
        freeze: { type: 'string' },
        strategy: { type: 'string' },
        json: { type: 'boolean', default: false },
        ...STAGE_ARGS,
      },
    })
    const customers = wholeNumber('customers', values.customers ?? '400', 1, 5000)
    const mostFrozen = mostFreezes(customers)
    const frozen = wholeNumber('freeze', values.freeze ?? String(Math.min(4, mostFrozen)), 0, mostFrozen)
    return {
      contest: { customers, frozen, holdMs: HOLD_MS, freezeMs: FREEZE_MS },
      strategies: values.strategy === undefined ? strategyNames : [strategy(values.strategy)],
      json: values.json,
      stage: stage(values),
    }
  })
}
