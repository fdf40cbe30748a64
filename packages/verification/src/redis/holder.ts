// A process that holds locks for the conformance suite, to be frozen and killed. Argument: the address of the server.
import { serveHolder } from '@leasehold/core/conformance'
import { openRedis } from './client.ts'

serveHolder(openRedis(process.argv[2] ?? '', 'holder'))
