// A process that holds locks for the conformance suite, to be frozen and killed. Argument: the address, as JSON.
import { serveHolder } from '@leasehold/core/conformance'
import { openRedis } from './client.ts'

serveHolder(openRedis(JSON.parse(process.argv[2] ?? '{}')))
