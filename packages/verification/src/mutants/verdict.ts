import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { bundle, type Patch } from './bundle.ts'

/** What the suite says of one build of core. */
export interface Verdict {
  readonly passed: readonly string[]
  readonly failed: readonly { readonly id: string; readonly why: string }[]
}

const PROGRAM = `import ${JSON.stringify(fileURLToPath(new URL('./program.ts', import.meta.url)))}`
const LIMIT_MS = 30_000

/** Builds core with the patches and runs these cases in a process of its own: a mutant may hang, crash or leave things behind. */
export async function verdictOn(patches: readonly Patch[], cases: readonly string[]): Promise<Verdict> {
  const source = await bundle(PROGRAM, patches)
  const child = spawn(process.execPath, ['--input-type=module', '--no-warnings', '-', ...cases], {
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  })
  const exited = once(child, 'exit')
  child.stdin.end(source)
  const [stdout, stderr, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  if (code !== 0) throw new Error(`the suite did not end by itself: ${signal ?? `exit code ${code}`}\n${stderr}`)
  return JSON.parse(stdout) as Verdict
}
