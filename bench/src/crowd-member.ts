// One process of a crowd. Arguments: side, subject, address, callers. It is told start, count and stop, and answers stop with the turns of each caller.
import type { Side } from './crowd.ts'
import { subjects } from './subjects/index.ts'

const [side, name = '', url = '', callers = ''] = process.argv.slice(2)
const subject = subjects.get(name)
if (subject === undefined) throw new Error(`there is no subject "${name}"`)

const turns: number[] = Array.from({ length: Number(callers) }, () => 0)
let stopped = false
const take = (caller: number) => {
  turns[caller] = (turns[caller] ?? 0) + 1
}

const sides: Record<Side, () => Promise<() => Promise<void>>> = {
  async ours() {
    const locks = subject.locks(url)
    const lock = locks.named('crowd', { ttlMs: 10_000 })
    await (await locks.named(`warm-up:${process.pid}`).tryAcquire())?.release()
    return async () => {
      const contend = async (caller: number) => {
        while (!stopped) {
          const lease = await lock.acquire({ waitMs: 60_000 })
          take(caller)
          await lease.release()
        }
      }
      await Promise.all(turns.map((_, caller) => contend(caller)))
      await locks.close()
    }
  },
  async limit() {
    const raw = await subject.raw(url)
    return async () => {
      await raw.crowd?.(turns.length, take, () => stopped)
      await raw.close()
    }
  },
}

const run = await sides[side as Side]()
process.on('message', (word) => {
  if (word === 'start') void run().then(() => process.exit(0))
  else if (word === 'count') turns.fill(0)
  else {
    process.send?.([...turns])
    stopped = true
  }
})
process.send?.('ready')
