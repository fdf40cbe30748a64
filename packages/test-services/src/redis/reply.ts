/** One answer of a Redis, as `redis-cli` prints it, and where the next one begins. */
export interface Reply {
  readonly text: string
  readonly end: number
}

/** The answer that begins there; `undefined` while a part of it is still under way. */
export function replyAt(bytes: Buffer, start: number): Reply | undefined {
  const lineEnd = bytes.indexOf('\r\n', start)
  if (lineEnd === -1) return undefined
  const line = bytes.toString('utf8', start + 1, lineEnd)
  const next = lineEnd + 2
  switch (bytes.toString('latin1', start, start + 1)) {
    case '$':
      return bulkAt(bytes, next, Number(line))
    case '*':
      return listAt(bytes, next, Number(line))
    default:
      return { text: line, end: next }
  }
}

function bulkAt(bytes: Buffer, start: number, length: number): Reply | undefined {
  if (length === -1) return { text: '', end: start }
  const end = start + length
  return bytes.length < end + 2 ? undefined : { text: bytes.toString('utf8', start, end), end: end + 2 }
}

function listAt(bytes: Buffer, start: number, length: number): Reply | undefined {
  const texts: string[] = []
  let end = start
  for (let index = 0; index < length; index += 1) {
    const reply = replyAt(bytes, end)
    if (reply === undefined) return undefined
    texts.push(reply.text)
    end = reply.end
  }
  return { text: texts.join('\n'), end }
}
