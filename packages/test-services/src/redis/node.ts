import type { Recipe } from '../machine/local-server.ts'
import { providePrograms } from '../machine/programs.ts'
import type { Settings } from '../server.ts'

export const redisNeed = {
  variable: 'LEASEHOLD_REDIS_URL',
  programs: ['redis-server', 'redis-cli'],
  debianPackages: ['redis-server', 'redis-tools'],
} as const

export const redisPrograms = () => providePrograms(redisNeed)

/** A Redis at its defaults: it saves its data when it is asked to end, and not when it is killed. */
export function nodeRecipe(settings: Settings): Recipe {
  const program = redisPrograms()['redis-server']
  return {
    name: 'redis',
    scheme: 'redis://',
    settings,
    users: ['redis'],
    prepare: (place, port) => place.write('redis.conf', configuration(place.folder, { port, ...settings })),
    command: (place) => ({ program, args: [place.path('redis.conf')] }),
    saysReady: /Ready to accept connections/,
    stopSignal: 'SIGTERM',
  }
}

/** The delay is for more replicas to come; there are none. */
const ours = { bind: '127.0.0.1', 'repl-diskless-sync-delay': 0 }

const configuration = (folder: string, settings: Settings): string[] =>
  Object.entries({ ...ours, dir: folder, ...settings }).map(([name, value]) => `${name} ${value}`)
