import { setTimeout as pause } from 'node:timers/promises'
import type { Observation } from './fact.ts'
import type { LabNode } from './lab-node.ts'
import type { Fault } from './story.ts'
import type { Timeline } from './timeline.ts'

const CLOCK_AHEAD_MS = 60_000

/** What happens to a server, and when it may go on. */
export interface Scene {
  readonly timeline: Timeline
  readonly node: LabNode
  /** A share of a lease: time enough for others to ask for the seat, and not for the lease to end. */
  readonly momentMs: number
  /** Lets the checkout that stands still write. */
  goOn(): void
  /** Resolves when the seat could come back, and others have had their chance to take it. */
  longerThanALease(): Promise<void>
}

type Undo = () => void | Promise<void>

const nothing: Undo = () => {}

/** Does it, for real. Each answers how it is undone when everybody is done. */
export const BEFALL: Readonly<Record<Fault, (scene: Scene) => Promise<Undo>>> = {
  async freeze(scene) {
    change(scene, 'frozen', 'Stopped (SIGSTOP): its clocks run on, and it does not know.')
    await scene.node.freezeUntil(scene.longerThanALease())
    change(scene, 'well', 'Continued (SIGCONT), as if no time had passed.')
    scene.goOn()
    return nothing
  },

  async kill(scene) {
    change(scene, 'dead', 'Killed (SIGKILL).')
    await scene.node.kill()
    const back = scene.node.restart().then(() => change(scene, 'well', 'Started again, and knows nothing.'))
    // Whoever undoes it hears of a failure; until then nobody listens.
    back.catch(() => {})
    return () => back
  },

  async 'cut-off'(scene) {
    change(scene, 'cut-off', 'Cut off from the lock server. The database it can reach.')
    scene.node.route.cut()
    await scene.longerThanALease()
    scene.goOn()
    return () => {
      scene.node.route.heal()
      change(scene, 'well', 'The line to the lock server is back.')
    }
  },

  async clock(scene) {
    change(scene, 'clock-ahead', 'Its wall clock is set forward by a minute.')
    scene.node.setClock(CLOCK_AHEAD_MS)
    await pause(1.5 * scene.momentMs)
    scene.goOn()
    return () => {
      scene.node.setClock(0)
      change(scene, 'well', 'Its clock is right again.')
    }
  },
}

type State = Extract<Observation, { type: 'state' }>['state']

function change({ timeline, node }: Scene, state: State, text: string): void {
  timeline.record({ type: 'state', node: node.name, state })
  timeline.note(node.name, state === 'well' ? 'plain' : 'warn', text)
}
