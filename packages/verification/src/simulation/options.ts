import { parseArgs } from 'node:util'

export interface SimulationOptions {
  readonly seeds: number
  readonly from: number
  /** Replay this one, with its timeline. */
  readonly seed: number | undefined
  readonly json: boolean
  /** A quorum of nodes instead of one server. */
  readonly quorum: boolean
  readonly workers: number
}

export const USAGE = `simulate [--seeds 1000] [--from 1] [--workers 2] [--json]
simulate --seed N [--json]
simulate --quorum [--seeds 1000] [--from 1] [--json]

Runs the engine and the memory backend in seeded, simulated worlds full of faults, and checks
what must hold. With --quorum, the decisions of redisQuorumBackend over simulated nodes, in one process. --seed replays one of them and prints its timeline. Exit code 1: a rule was broken,
or the runs saw too little to prove anything.`

export function parseOptions(argv: readonly string[]): SimulationOptions {
  const { values } = parseArgs({
    args: argv.filter((word) => word !== '--'),
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      workers: { type: 'string', default: '2' },
      json: { type: 'boolean', default: false },
      quorum: { type: 'boolean', default: false },
    },
  })
  return {
    seeds: count('--seeds', values.seeds, 1),
    from: count('--from', values.from, 0),
    seed: values.seed === undefined ? undefined : count('--seed', values.seed, 0),
    workers: count('--workers', values.workers, 1),
    json: values.json,
    quorum: values.quorum,
  }
}

function count(name: string, text: string, least: number): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < least)
    throw new RangeError(`${name} must be a whole number, at least ${least}; got ${JSON.stringify(text)}`)
  return value
}
