import type { LockBackend } from '@leasehold/core'
import type { FaultHooks, Link } from '@leasehold/core/conformance'

/** What a proxy of the tests can do to connections. */
export interface HarmfulLink extends Link {
  /** Those that are open now say nothing any more. */
  forget(): void
}

/** What happens to the network of a client happens to all its connections. */
export const oneLink = (links: readonly HarmfulLink[]): HarmfulLink => ({
  cut: () => links.forEach((link) => void link.cut()),
  swallow: (direction) => links.forEach((link) => void link.swallow(direction)),
  delay: (ms) => links.forEach((link) => void link.delay(ms)),
  forget: () => links.forEach((link) => void link.forget()),
  heal: () => links.forEach((link) => void link.heal()),
})

type OpenLinked = () => Promise<{ readonly backend: LockBackend; readonly link: HarmfulLink }>

/** The hooks for clients behind such a link. How long somebody's library believes in a silent connection is its own affair. */
export function linkHooks(
  openLinked: OpenLinked,
  { isOwnConnection = true } = {},
): Pick<FaultHooks, 'openLinked' | 'openForgetful'> {
  if (!isOwnConnection) return { openLinked }
  return {
    openLinked,
    async openForgetful() {
      const { backend, link } = await openLinked()
      return { backend, forget: () => link.forget() }
    },
  }
}
