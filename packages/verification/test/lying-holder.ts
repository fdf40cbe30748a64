// A holder whose server keeps the key far longer than it says. Argument: the port of the server.
import { serveHolder } from '@leasehold/core/conformance'
import { loopbackBackend } from '../src/loopback/backend.ts'

const backend = loopbackBackend(Number(process.argv[2]))

serveHolder({
  ...backend,
  async tryAcquire(claim, terms) {
    const answer = await backend.tryAcquire(claim, { ...terms, ttlMs: terms.ttlMs * 100 })
    return answer.granted ? { ...answer, ttlMs: terms.ttlMs } : answer
  },
})
