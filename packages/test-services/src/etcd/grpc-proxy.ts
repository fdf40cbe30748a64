import { LocalServer } from '../machine/local-server.ts'
import { providePrograms } from '../machine/programs.ts'
import type { Server } from '../server.ts'
import { etcdNeed, flags } from './member.ts'

/** `etcd grpc-proxy` before these members, which are named by their addresses. */
export const startEtcdGrpcProxy = (members: readonly string[]): Promise<Server> =>
  LocalServer.start({
    name: 'etcd-grpc-proxy',
    scheme: 'http://',
    settings: {},
    users: ['etcd'],
    prepare: async () => {},
    command: (place, port) => ({
      program: providePrograms(etcdNeed).etcd,
      args: [
        'grpc-proxy',
        'start',
        ...flags({
          endpoints: members.map((url) => url.replace(/\/$/, '')).join(),
          'listen-addr': `127.0.0.1:${port}`,
          // It reaches itself by this, and ends where it does not.
          'advertise-client-url': `127.0.0.1:${port}`,
          'data-dir': place.path('data'),
        }),
      ],
    }),
    saysReady: /listening for grpc[- ]proxy client requests/i,
    stopSignal: 'SIGKILL',
  })
