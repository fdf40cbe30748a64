import type { Server } from './server.ts'

/** For servers that are used, and not harmed. */
export function harmless(which: string): Pick<Server, 'restart' | 'kill' | 'freeze' | 'thaw'> {
  const refuse = (): never => {
    throw new Error(`${which} is not restarted, killed or frozen: ask for a server with { own: true }`)
  }
  return { restart: async () => refuse(), kill: async () => refuse(), freeze: refuse, thaw: refuse }
}
