// A process that holds locks for the conformance suite, to be frozen and killed. Argument: the port of the server.
import { serveHolder } from '@leasehold/core/conformance'
import { loopbackBackend } from './backend.ts'

serveHolder(loopbackBackend(Number(process.argv[2])))
