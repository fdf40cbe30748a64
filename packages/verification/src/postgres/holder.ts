// A process that holds locks for the conformance suite, to be frozen and killed. Arguments: the strategy, the address for it, and the server's own.
import { serveHolder } from '@leasehold/core/conformance'
import { openAdvisory, openRows } from './client.ts'

const [, , strategy, url = '', listenUrl = ''] = process.argv

serveHolder(
  strategy === 'advisory' ? openAdvisory(url, 'holder') : openRows({ poolUrl: url, listenUrl, name: 'holder' }),
)
