import type { Progress } from './run.ts'

const WIDTH = 30

/** Draws on a terminal's stderr and nowhere else. */
export function progressBar(label: string): Progress {
  const { stderr } = process
  if (!stderr.isTTY) return () => {}
  return (done, all) => {
    const filled = Math.round((WIDTH * done) / all)
    stderr.write(`\r${label.padEnd(14)} ${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${done}/${all} customers`)
    if (done === all) stderr.write('\r\x1b[2K')
  }
}
