const WIDTH = 40

/** A bar on stderr, where a person is watching. */
export function progressBar(total: number): (done: number) => void {
  const { stderr } = process
  if (!stderr.isTTY) return () => {}
  return (done) => {
    const filled = Math.round((done / total) * WIDTH)
    const bar = '#'.repeat(filled).padEnd(WIDTH, '.')
    stderr.write(done < total ? `\r[${bar}] ${done}/${total}` : '\r\u001b[K')
  }
}
