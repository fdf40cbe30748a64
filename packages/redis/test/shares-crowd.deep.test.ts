import { setTimeout as pause } from 'node:timers/promises'
import { type Server, TcpProxy } from '@leasehold/test-services'
import { afterAll, describe, it } from 'vitest'
import { startClusterStanding } from './cluster-standing.ts'
import { startQuorumStanding } from './quorum-standing.ts'
import { expectSound, goOn, type Member, start, startMember } from './shares-crowd.ts'
import { startStanding } from './standing.ts'

const standing = await startStanding()
const clustered = await startClusterStanding()
const quorum = await startQuorumStanding(3, { appendonly: 'yes' })
afterAll(() => Promise.all([standing.stop(), clustered.stop(), quorum.stop()]))

describe('a crowd of readers, writers, and those who take permits', () => {
  it('of several processes keeps apart what excludes each other, and everybody has turns', async () => {
    const names = ['a', 'b', 'c']
    const members = await Promise.all(names.map((name) => startMember(standing.server.url, 'sound', name)))
    start(members)
    await goOn(members, 20)
    await expectSound(members)
  })

  it('of a Cluster, likewise', async () => {
    const urls = clustered.cluster.nodes.map(({ url }) => url).join(',')
    const members = await Promise.all(['a', 'b', 'c'].map((name) => startMember(urls, 'sound', name)))
    start(members)
    await goOn(members, 20)
    await expectSound(members)
  })

  it('does so while one is frozen again and again, lines are cut, and one is killed', async () => {
    await using proxy = await TcpProxy.open(standing.server)
    const { url } = standing.server
    const names = ['frozen', 'cut', 'killed', 'whole']
    const members = await Promise.all(
      names.map((name) => startMember(name === 'cut' ? proxy.through(url) : url, 'harmed', name)),
    )
    const [frozen, cut, killed, whole] = members as [Member, Member, Member, Member]
    start(members)
    await goOn(members, 5)
    for (let round = 0; round < 3; round += 1) {
      frozen.child.freeze()
      proxy.cut()
      await pause(2500)
      frozen.child.thaw()
      await goOn([frozen, cut, whole], 3)
    }
    await killed.child.kill()
    await goOn([frozen, cut, whole], 5)
    await expectSound([frozen, cut, whole])
  })

  it('of a quorum, likewise, but for permits: while processes and servers are frozen, lines are cut, and one is killed', async () => {
    const ways = await Promise.all([0, 1, 2].map(quorum.proxy))
    const through = ways.map((way, index) => way.through(quorum.urls[index] ?? ''))
    const [direct, cutting] = [quorum.urls.join(','), through.join(',')]
    const names = ['frozen', 'cut', 'killed', 'whole']
    const members = await Promise.all(
      names.map((name) => startMember(name === 'cut' ? cutting : direct, 'quorum', name, 'quorum')),
    )
    const [frozen, cut, killed, whole] = members as [Member, Member, Member, Member]
    const kinds = ['shared', 'whole'] as const
    start(members)
    await goOn(members, 10, kinds)
    for (const [index, server] of (quorum.servers as readonly Server[]).entries()) {
      frozen.child.freeze()
      ways[index]?.cut()
      await pause(2500)
      frozen.child.thaw()
      server.freeze()
      await goOn([frozen, cut, whole], 3, kinds)
      server.thaw()
      await goOn([frozen, cut, whole], 3, kinds)
    }
    await killed.child.kill()
    await goOn([frozen, cut, whole], 5, kinds)
    await expectSound([frozen, cut, whole])
  })
})
