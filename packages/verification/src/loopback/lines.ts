import type { Socket } from 'node:net'

/** Calls back with every whole line that arrives. */
export function onLine(socket: Socket, callback: (line: string) => void): void {
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) callback(line)
  })
}
