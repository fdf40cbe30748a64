// Starts a server, tells where it is, and does what its argument says.
import { startRedis } from '../src/index.ts'
import { LocalServer } from '../src/machine/local-server.ts'

const server = await startRedis({ own: true })
const folder = server instanceof LocalServer ? server.folder : ''
process.stdout.write(JSON.stringify({ port: server.port, folder }), () => {
  if (process.argv[2] === 'killed') process.kill(process.pid, 'SIGKILL')
  if (process.argv[2] === 'exits') process.exit()
  if (process.argv[2] === 'frozen') {
    server.freeze()
    process.kill(process.pid, 'SIGKILL')
  }
})
