import { parseArgs } from 'node:util'
import { conformanceCases, runConformance } from '@leasehold/core/conformance'
import { printHuman, printJson, printOutcome } from './report.ts'
import { targets } from './targets.ts'

const USAGE = 'conformance --backend <name> [--concurrency <n>] [--json] [--case <id>]...'

function options() {
  const { values } = parseArgs({
    options: {
      backend: { type: 'string' },
      case: { type: 'string', multiple: true, default: [] },
      concurrency: { type: 'string', default: '8' },
      json: { type: 'boolean', default: false },
    },
  })
  const known = [...targets.keys()].join(', ')
  if (values.backend === undefined) throw new Error(`which backend? ${USAGE}; known: ${known}`)
  const start = targets.get(values.backend)
  if (start === undefined) throw new Error(`there is no backend "${values.backend}"; known: ${known}`)
  return { start, cases: chosen(values.case), concurrency: Number(values.concurrency), json: values.json }
}

function chosen(ids: readonly string[]) {
  const unknown = ids.filter((id) => !conformanceCases.some((testCase) => testCase.id === id))
  if (unknown.length > 0) throw new Error(`there is no case "${unknown.join('", "')}"; --json lists all of them`)
  return ids.length === 0 ? conformanceCases : conformanceCases.filter(({ id }) => ids.includes(id))
}

async function main(): Promise<void> {
  const { start, cases, concurrency, json } = options()
  const { target, stop } = await start()
  try {
    const report = await runConformance(target, {
      cases,
      concurrency,
      ...(json ? {} : { onOutcome: printOutcome }),
    })
    if (json) printJson(report)
    else printHuman(report)
    if (report.failed.length > 0) process.exitCode = 1
  } finally {
    await stop()
  }
}

await main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
})
