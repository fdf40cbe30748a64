/** Calls back after so long, and after whatever had come by then was read: this process may have been stopped, and the server in time. Returns what cancels. */
export function afterUnlessRead(ms: number, callback: () => void): () => void {
  let immediate: NodeJS.Immediate | undefined
  const timer = setTimeout(() => {
    immediate = setImmediate(callback)
  }, ms)
  timer.unref()
  return () => {
    clearTimeout(timer)
    clearImmediate(immediate)
  }
}
