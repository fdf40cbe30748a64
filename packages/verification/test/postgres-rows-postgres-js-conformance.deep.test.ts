import { startPostgresJsRows } from '../src/postgres/target.ts'
import { itPassesTheSuite } from './suite.ts'

// As with `pg`.
itPassesTheSuite(await startPostgresJsRows(), ['fifo', 'collidingKeys', 'tellsLosses', 'selfPolling', 'watch'])
