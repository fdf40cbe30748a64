import { type Result, SAFE } from './race/contest.ts'
import { readRaceOptions } from './race/options.ts'
import { progressBar } from './race/progress-bar.ts'
import { runSale } from './race/run.ts'
import { ServerProcess } from './race/server-process.ts'
import { table } from './race/table.ts'

const { contest, strategies, json } = readRaceOptions(process.argv.slice(2))
const results: Result[] = []

{
  await using server = await ServerProcess.start()
  for (const strategy of strategies) results.push(await runSale(server, strategy, contest, progressBar(strategy)))
}

console.log(json ? JSON.stringify({ ...contest, results }, null, 2) : table(contest, results))
if (results.some(({ strategy, seatsSoldTwice }) => SAFE.has(strategy) && seatsSoldTwice > 0)) process.exitCode = 1
