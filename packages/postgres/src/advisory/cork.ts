import type { PostgresSessionClient } from '../postgres-shapes.ts'

const corked = new WeakSet<object>()

/** What is sent in one turn of the event loop travels together: to write is what costs most of a statement. */
export function corkForThisTurn({ connection }: PostgresSessionClient): void {
  const stream = connection?.stream
  if (stream?.cork === undefined || corked.has(stream)) return
  corked.add(stream)
  stream.cork()
  process.nextTick(() => {
    corked.delete(stream)
    stream.uncork?.()
  })
}
