import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { bundle, type Patch } from './bundle.ts'

/** What the suite says of one build of core. */
export interface Verdict {
  readonly passed: readonly string[]
  readonly failed: readonly { readonly id: string; readonly why: string }[]
}

const PROGRAM = `import ${JSON.stringify(fileURLToPath(new URL('./program.ts', import.meta.url)))}`
/** For a mutant that hangs; the others take a fraction of a second. */
const LIMIT_MS = 120_000

/**
 * Builds core with the patches and runs these cases in a thread of its own: a mutant may hang, crash or leave things behind, and none of that
 * reaches the next one. A thread starts in half of the time that a process takes.
 */
export async function verdictOn(patches: readonly Patch[], cases: readonly string[]): Promise<Verdict> {
  const source = await bundle(PROGRAM, patches)
  const worker = new Worker(asModule(source), { workerData: cases, execArgv: [], stdout: true, stderr: true })
  try {
    return await answerOf(worker)
  } finally {
    await worker.terminate()
  }
}

const asModule = (source: string): URL =>
  new URL(`data:text/javascript;base64,${Buffer.from(source).toString('base64')}`)

async function answerOf(worker: Worker): Promise<Verdict> {
  let limit: NodeJS.Timeout | undefined
  try {
    return await new Promise<Verdict>((resolve, reject) => {
      const endedBy = (what: string) => reject(new Error(`the suite did not end by itself: ${what}`))
      limit = setTimeout(() => endedBy(`not within ${LIMIT_MS} ms`), LIMIT_MS)
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', (code) => endedBy(`exit code ${code}`))
    })
  } finally {
    clearTimeout(limit)
  }
}
