// Bundled with a mutant of core, and run in a process of its own. Arguments: the ids of the cases to run; none: all.
import { conformanceCases, runConformance } from '@leasehold/core/conformance'
import { memoryTarget } from '../conformance/memory.ts'

const wanted = new Set(process.argv.slice(2))
const cases = conformanceCases.filter(({ id }) => wanted.size === 0 || wanted.has(id))
const { passed, failed } = await runConformance(memoryTarget(), { cases })
const verdict = { passed, failed: failed.map(({ id, error }) => ({ id, why: String(error) })) }
// A mutant may leave anything behind: do not wait for it.
process.stdout.write(JSON.stringify(verdict), () => process.exit())
