import { type Batch, runBatch } from './batch.ts'
import { bundledEngine } from './bundled-engine.ts'

// The engine makes an error for every time-out: to collect their stacks would take longer than all the rest.
Error.stackTraceLimit = 0

const engine = await bundledEngine()
process.on('message', async (batch: Batch) => process.send?.(await runBatch(batch, engine)))
process.send?.('ready')
