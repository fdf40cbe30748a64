import type { LockBackend } from '@leasehold/core'
import type { ConformanceTarget, Link } from '@leasehold/core/conformance'

declare function myBackend(url: string): LockBackend
declare function startProxy(url: string): Promise<Link & { readonly url: string }>
declare const server: { readonly url: string; stop(): Promise<void>; start(): Promise<void>; wipe(): Promise<void> }

export const target: ConformanceTarget = {
  name: 'my backend, one server',
  open: () => myBackend(server.url),
  ttlMs: 500,
  faults: {
    holderProgram: { path: 'test/holder.js', args: [server.url] },
    async openLinked() {
      const link = await startProxy(server.url)
      return { backend: myBackend(link.url), link }
    },
    async restartKeepingData() {
      await server.stop()
      await server.start()
    },
    async restartEmpty() {
      await server.stop()
      await server.wipe()
      await server.start()
    },
  },
}
