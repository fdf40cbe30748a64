import { afterAll, it } from 'vitest'
import { evenTurns } from './even-turns.ts'
import { startTestEtcd } from './server.ts'

const etcd = await startTestEtcd()
afterAll(() => etcd.stop())

it('8 processes with 8 callers each who want one key all get their turns, in the order of their arrival at the server', async () => {
  await evenTurns(etcd, { processes: 8, callers: 8, turns: 60 })
}, 240_000)
