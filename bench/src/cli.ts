import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { contend, loadCore, type Row } from './contests.ts'
import { FULL, QUICK } from './effort.ts'
import { plot } from './plot.ts'
import { table } from './report.ts'
import { subjects } from './subjects/index.ts'

const USAGE = 'bench [--backend <name>]... [--quick] [--json] [--plot <file.svg>]'

function options() {
  const { values } = parseArgs({
    options: {
      backend: { type: 'string', multiple: true, default: [...subjects.keys()] },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      plot: { type: 'string' },
    },
  })
  const chosen = values.backend.map((name) => {
    const subject = subjects.get(name)
    if (subject === undefined)
      throw new Error(`there is no backend "${name}"; known: ${[...subjects.keys()].join(', ')}. ${USAGE}`)
    return subject
  })
  return { chosen, effort: values.quick ? QUICK : FULL, json: values.json, plotFile: values.plot }
}

async function main(): Promise<void> {
  const { chosen, effort, json, plotFile } = options()
  const rows: Row[] = []
  const tell = (row: Row) => {
    rows.push(row)
    process.stderr.write(`${row.backend}: ${row.contest}: ${row.ratio.median.toFixed(2)}\n`)
  }
  loadCore(effort, tell)
  for (const subject of chosen) await contend(subject, effort, tell)
  process.stdout.write(`${json ? JSON.stringify(rows, undefined, 2) : table(rows)}\n`)
  if (plotFile !== undefined) await writeFile(plotFile, plot(rows))
}

await main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
})
