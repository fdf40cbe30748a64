import { orReason } from './command-line.ts'
import { Fleet } from './fleet/fleet.ts'
import { type Result, SAFE } from './race/contest.ts'
import { readRaceOptions } from './race/options.ts'
import { progressBar } from './race/progress-bar.ts'
import { runSale } from './race/run.ts'
import { table } from './race/table.ts'
import { setStage } from './stage/stage.ts'

const { contest, strategies, json, stage: asked } = readRaceOptions(process.argv.slice(2))
const results: Result[] = []

const stage = await orReason(() => setStage(asked))
try {
  await using fleet = await Fleet.start({ count: asked.nodes })
  for (const strategy of strategies) results.push(await runSale(fleet, stage, strategy, contest, progressBar(strategy)))
} finally {
  await stage.stop()
}

const { nodes } = asked
const where = { nodes, locks: stage.locks.kind, database: stage.database === 'embedded' ? 'embedded' : 'postgres' }
console.log(json ? JSON.stringify({ ...contest, ...where, results }, null, 2) : table(contest, where, results))
if (results.some(({ strategy, seatsSoldTwice }) => SAFE.has(strategy) && seatsSoldTwice > 0)) process.exitCode = 1
if (results.some(({ errors }) => Object.keys(errors).length > 0)) process.exitCode = 1
