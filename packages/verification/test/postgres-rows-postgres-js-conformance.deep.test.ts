import { startPostgresJsRows } from '../src/postgres/target.ts'
import { itPassesTheSuite } from './suite.ts'

// As with `pg`, but for connections that were forgotten: how long they are believed in is the affair of the library.
itPassesTheSuite(await startPostgresJsRows(), ['collidingKeys', 'tellsLosses', 'selfPolling', 'openForgetful', 'watch'])
