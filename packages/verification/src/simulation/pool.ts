import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Batch, type BatchResult, inBatches } from './batch.ts'

/** Seeds a worker runs before it asks for more. */
const BATCH_SIZE = 25

/** Runs the seeds in several processes. In which order the results come says nothing: each belongs to its seeds. */
export async function runInProcesses(
  all: Batch,
  processes: number,
  onResult: (result: BatchResult) => void,
): Promise<void> {
  const batches = inBatches(all, BATCH_SIZE)
  const count = Math.min(processes, batches.length)
  await Promise.all(Array.from({ length: count }, () => workThrough(batches, onResult)))
}

async function workThrough(batches: Batch[], onResult: (result: BatchResult) => void): Promise<void> {
  const worker = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)))
  try {
    await answer<'ready'>(worker)
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      worker.send(batch)
      onResult(await answer<BatchResult>(worker))
    }
  } finally {
    worker.kill()
  }
}

async function answer<T>(worker: ChildProcess): Promise<T> {
  const stop = new AbortController()
  const { signal } = stop
  const ended = once(worker, 'exit', { signal }).then(([code]) =>
    Promise.reject(new Error(`a worker ended with exit code ${code}`)),
  )
  const answered = once(worker, 'message', { signal }).then(([message]) => message as T)
  try {
    return await Promise.race([answered, ended])
  } finally {
    stop.abort()
    await Promise.allSettled([answered, ended])
  }
}
