import { bundledEngine } from './bundled-engine.ts'
import { addCounters, noEvents } from './counters.ts'
import { parseOptions, type SimulationOptions, USAGE } from './options.ts'
import { runInProcesses } from './pool.ts'
import { progressBar } from './progress.ts'
import { runQuorumBatch } from './quorum/quorum-batch.ts'
import { describeReport, passed, type SimulationReport, unseenIn } from './report.ts'
import { simulate } from './simulate.ts'

async function run({ from, seeds, workers }: SimulationOptions): Promise<SimulationReport> {
  const startedMs = performance.now()
  const events = noEvents()
  const violations: SimulationReport['violations'][number][] = []
  const showProgress = progressBar(seeds)
  let done = 0
  await runInProcesses({ from, seeds }, workers, (result) => {
    addCounters(events, result.counters)
    violations.push(...result.violations)
    done += result.seeds
    showProgress(done)
  })
  violations.sort((a, b) => a.seed - b.seed)
  const seconds = Math.round(performance.now() - startedMs) / 1000
  return { seeds, seconds, events, violations, unseen: unseenIn(events) }
}

async function replay(seed: number, json: boolean): Promise<boolean> {
  const { trace, violations } = await simulate(seed, await bundledEngine(), { traced: true, searched: true })
  if (json) console.log(JSON.stringify({ seed, violations, trace }, null, 2))
  else console.log([...trace, ...violations.map(({ rule, detail }) => `VIOLATION ${rule}  ${detail}`)].join('\n'))
  return violations.length === 0
}

async function runQuorum({ from, seeds, json }: SimulationOptions): Promise<boolean> {
  const report = await runQuorumBatch({ from, seeds })
  const broken = report.violations.map(({ seed, rule, detail }) => `seed ${seed}  ${rule}  ${detail}`)
  const verdict = broken.length === 0 ? ['No rule was broken.'] : broken
  console.log(json ? JSON.stringify(report, null, 2) : [JSON.stringify(report.events), ...verdict].join('\n'))
  return broken.length === 0
}

async function main(options: SimulationOptions): Promise<boolean> {
  if (options.quorum) return runQuorum(options)
  if (options.seed !== undefined) return replay(options.seed, options.json)
  const report = await run(options)
  console.log(options.json ? JSON.stringify(report, null, 2) : describeReport(report))
  return passed(report)
}

function optionsOrExit(): SimulationOptions {
  try {
    return parseOptions(process.argv.slice(2))
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    process.exit(2)
  }
}

const ok = await main(optionsOrExit())
// Who waited in a process that was killed waits for ever, and would keep this one alive.
process.stdout.write('', () => process.exit(ok ? 0 : 1))
