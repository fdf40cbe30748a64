export { startPostgres } from './postgres.ts'
export type { RestartOptions, Server, ServerOptions, Settings } from './server.ts'
export { until } from './until.ts'
