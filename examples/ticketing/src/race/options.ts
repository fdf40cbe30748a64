import { parseArgs } from 'node:util'
import { strategy, wholeNumber } from '../demo-options.ts'
import { type StrategyName, strategyNames } from '../strategies/index.ts'
import type { Contest } from './contest.ts'

export interface RaceOptions {
  readonly contest: Contest
  readonly strategies: readonly StrategyName[]
  readonly json: boolean
}

const USAGE = `race [--customers 400] [--freeze 4] [--strategy ${strategyNames.join('|')}] [--json]`
const HOLD_MS = 1000

/** Ends the process with a line of usage where the command line makes no sense. */
export function readRaceOptions(args: readonly string[]): RaceOptions {
  try {
    const { values } = parseArgs({
      args: args.filter((arg) => arg !== '--'),
      options: {
        customers: { type: 'string' },
        freeze: { type: 'string' },
        strategy: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    })
    const customers = wholeNumber('customers', values.customers ?? '400', 1, 5000)
    const frozen = wholeNumber('freeze', values.freeze ?? '4', 0, Math.min(customers, 100))
    return {
      contest: { customers, frozen, holdMs: HOLD_MS, freezeMs: HOLD_MS * 3 },
      strategies: values.strategy === undefined ? strategyNames : [strategy(values.strategy)],
      json: values.json,
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nUsage: ${USAGE}\n`)
    process.exit(2)
  }
}
