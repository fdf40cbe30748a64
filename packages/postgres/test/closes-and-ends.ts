// A process that holds an advisory lock, waits for another one in vain, closes its locks, and has nothing else to do. Arguments: address, schema.
import { createLocks } from '@leasehold/core'
import { postgresAdvisoryBackend } from '../src/index.ts'

const [, , url = '', schema = ''] = process.argv

const open = () => createLocks(postgresAdvisoryBackend({ connection: url, schema }))
const [one, other] = [open(), open()]
await one.named(`closes ${process.pid}`).acquire()
await other
  .named(`closes ${process.pid}`)
  .acquire({ waitMs: 50 })
  .catch(() => {})
const { unreleased } = await other.close()
const { released, interrupted } = await one.close()
process.stdout.write(JSON.stringify({ released, interrupted, unreleased }))
