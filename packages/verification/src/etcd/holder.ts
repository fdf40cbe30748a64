// A process that holds locks for the conformance suite, to be frozen and killed. Arguments: by which client, and the addresses of the members.
import { serveHolder } from '@leasehold/core/conformance'
import { type Client, openerOf } from './client.ts'

const [client, ...hosts] = process.argv.slice(2)
const open = await openerOf(client as Client)
serveHolder(open(hosts))
