import type { RestartOptions, Server } from './server.ts'

/** Starts all or none: where one fails, those that started are stopped. */
export async function startAll<T extends Server>(starts: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(starts)
  const servers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const failure = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failure === undefined) return servers
  await stopAll(servers)
  throw failure.reason
}

export async function stopAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()))
}

/** Nobody may come back empty while another still remembers. */
export async function restartAll(servers: readonly Server[], options: RestartOptions = {}): Promise<void> {
  if (options.keepData === false) await Promise.all(servers.map((server) => server.kill()))
  await Promise.all(servers.map((server) => server.restart(options)))
}
