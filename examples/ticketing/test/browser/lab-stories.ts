import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Service, type ServiceName, startService } from '../../src/stage/services.ts'
import { type LabStand, openLabStand } from '../lab-stand.ts'
import { onThisMachine } from '../slowness.ts'
import type { Surroundings } from './lab-surroundings.ts'
import { LabWindow } from './lab-window.ts'

const TTL_MS = 1000
/** As it comes, it grants nothing shorter. */
const SHORTEST_OF_ETCD_MS = 2000

/** What befalls a server in the lab, with locks in each of these. `all`: also what is told in other stories in another way. */
export function describeLab(
  lockServers: readonly ServiceName[],
  surroundings: () => Surroundings,
  { all }: { readonly all: boolean },
): void {
  // Each on a lab of its own: they wait for leases to end, and may wait together.
  describe.concurrent.each(lockServers)('with locks in %s', (name) => {
    let service: Service
    let stand: LabStand
    let lab: LabWindow

    beforeAll(async () => {
      const { browser, database } = surroundings()
      service = name === 'postgres' ? { ...database, stop: async () => {} } : await startService(name)
      const ttlMs = Math.max(await onThisMachine(TTL_MS), name === 'etcd' ? SHORTEST_OF_ETCD_MS : 0)
      stand = await openLabStand({ locks: service.locks, database: database.database }, ttlMs)
      lab = await LabWindow.open(browser, stand.address)
    })
    afterAll(async () => {
      const errors = lab?.errors ?? []
      await lab?.[Symbol.asyncDispose]()
      await stand?.[Symbol.asyncDispose]()
      await service?.stop()
      expect(errors).toEqual([])
    })

    test.sequential('the write of a server that was frozen is refused by the fence', async () => {
      expect(await lab.run('fenced-lease', 'freeze')).toBe('Late write refused, sold once')
      expect([await lab.writes('sold'), await lab.writes('refused'), await lab.writes('again')]).toEqual([1, 1, 0])
      const seen = (await lab.log()).join('\n')
      expect(seen).toMatch(
        /SIGSTOP.*The time of (node-\d) is over.*writes: the seat is sold.*SIGCONT.*The late write of \1 is refused/s,
      )
      expect(seen).toMatch(/gets the money back/)
      await lab.photograph(`lab-${name}-freeze-fenced-desktop`)
    })

    test.sequential('without fencing, the frozen server sells the seat again', async () => {
      expect(await lab.run('lease', 'freeze')).toBe('Sold twice')
      expect([await lab.writes('sold'), await lab.writes('again')]).toEqual([1, 1])
      await lab.photograph(`lab-${name}-freeze-unfenced-desktop`)
    })

    test.sequential('the seat of a server that was killed comes back, and is sold once', async () => {
      expect(await lab.run('fenced-lease', 'kill')).toBe('Sold once')
      const seen = (await lab.log()).join('\n')
      expect(seen).toMatch(/SIGKILL.*The time of (node-\d) is over.*writes: the seat is sold/s)
      expect(seen).toMatch(/Started again/)
      expect(seen).toMatch(/gets the money back/)
      await lab.photograph(`lab-${name}-kill-fenced-desktop`)
    })

    if (!all) return

    test.sequential('a server that is cut off from the lock server, but not from the database, is refused by the fence', async () => {
      expect(await lab.run('fenced-lease', 'cut-off')).toBe('Late write refused, sold once')
      expect(await lab.writes('refused')).toBe(1)
      expect((await lab.log()).join('\n')).toMatch(/Cut off.*Trusts its lease no more.*is refused.*line.*is back/s)
      await lab.photograph(`lab-${name}-cut-off-fenced-desktop`)
    })

    test.sequential('a server whose clock is set forward trusts its lease too little, and harms nobody', async () => {
      expect(await lab.run('fenced-lease', 'clock')).toMatch(/sold once/i)
      expect((await lab.log()).join('\n')).toMatch(
        /set forward by a minute.*Trusts its lease no more.*Goes on, and writes/s,
      )
      expect(await lab.writes('again')).toBe(0)
      await lab.photograph(`lab-${name}-clock-fenced-desktop`)
    })
  })
}
