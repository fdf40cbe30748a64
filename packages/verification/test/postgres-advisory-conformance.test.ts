import { startPostgresAdvisory } from '../src/postgres/target.ts'
import { itPassesTheSuite } from './suite.ts'

// Session locks end with their session, so nothing is handed over or outlives a restart; the server knows neither token nor metadata to inspect, nor to take several keys
// at once; it counts no permits; no row is locked; and not every waiter stands in the server's line.
itPassesTheSuite(await startPostgresAdvisory(), [
  'fifo',
  'selfPolling',
  'handOff',
  'survivesRestart',
  'inspect',
  'tryAcquireAll',
  'stall',
  'permits',
  'list',
  'annotate',
  'watch',
  'forceRelease',
])
