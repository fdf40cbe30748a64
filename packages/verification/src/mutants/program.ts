// Bundled with a mutant of core, and run in a thread of its own, whose data are the ids of the cases to run.
import { parentPort, workerData } from 'node:worker_threads'
import { conformanceCases, runConformance } from '@leasehold/core/conformance'
import { memoryTarget } from '../conformance/memory.ts'

const wanted = new Set<string>(workerData)
const cases = conformanceCases.filter(({ id }) => wanted.has(id))
const { passed, failed } = await runConformance(memoryTarget(), { cases })
const verdict = { passed, failed: failed.map(({ id, error }) => ({ id, why: String(error) })) }
parentPort?.postMessage(verdict)
