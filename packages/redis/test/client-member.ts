// A process that has locked by way of every library, has their connections open, and has nothing else to do: it ends by itself. Arguments: address, and
// whether it closes its locks.
import { createLocks } from '@leasehold/core'
import { redisBackend } from '../src/index.ts'
import { libraries } from './client-libraries.ts'

const [url = '', closes = ''] = process.argv.slice(2)

async function use(library: (typeof libraries)[number]): Promise<string> {
  const locks = createLocks(redisBackend({ client: library.client(url) }))
  const key = `ends ${library.library} ${closes}`
  const lease = await locks.named(key).acquire()
  // Who waits listens over a connection of its own.
  const waited = await createLocks(redisBackend({ client: library.client(url) }))
    .named(key)
    .acquire({ waitMs: 50 })
    .catch((error: { code?: string }) => error.code)
  await lease.release()
  if (closes === 'closes') await locks.close()
  return String(waited)
}

for (const library of libraries) process.send?.(`${library.library}: ${await use(library)}`)
