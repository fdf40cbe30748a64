import { spawn } from 'node:child_process'

/** Spins, and looks now and then whether the process that started it is still there: it ends with it, however that ended. */
const SPIN = `
const parent = process.ppid
while (process.ppid === parent) for (let i = 0; i < 1e8; i++);
`

/** So many processes that do nothing but keep a processor busy. */
export function startBusyLoops(count: number): Disposable {
  const loops = Array.from({ length: count }, () => spawn(process.execPath, ['--eval', SPIN], { stdio: 'ignore' }))
  return {
    [Symbol.dispose]() {
      for (const loop of loops) loop.kill('SIGKILL')
    },
  }
}
