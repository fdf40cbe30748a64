import { until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { claimOn, startTestEtcd, terms, uniqueKey } from './server.ts'

const etcd = await startTestEtcd()
afterAll(() => etcd.stop())

/** Grows by one with every transaction that changed anything. */
const revision = async () => Number((await etcd.raw.kv.range({ key: Buffer.from('none') })).header.revision)

const claims = (count: number) => Array.from({ length: count }, () => claimOn(uniqueKey()))

const sessionKeys = async () => (await etcd.raw.getAll().prefix('leasehold//').keys()).length

/** With an etcd lease for the terms, and its key. */
async function warm() {
  const backend = etcd.open()
  const claim = claimOn(uniqueKey())
  const before = await sessionKeys()
  await backend.tryAcquire(claim, terms())
  await backend.release(claim)
  await until('its etcd lease has its key', async () => (await sessionKeys()) > before)
  return backend
}

describe('what is asked of etcd in one turn of the event loop', () => {
  it('is one entry of its log', async () => {
    const backend = await warm()
    const asked = claims(32)
    const before = await revision()
    const grants = await Promise.all(asked.map((claim) => backend.tryAcquire(claim, terms())))
    expect(await revision()).toBe(before + 1)
    expect(grants).toEqual(
      asked.map(() => expect.objectContaining({ granted: true, fencingToken: BigInt(before + 1) })),
    )
    expect(await Promise.all(asked.map((claim) => backend.release(claim)))).toEqual(asked.map(() => true))
    expect(await revision()).toBe(before + 2)
    expect(await etcd.keys()).toEqual([])
  })

  it('grants a key to one of those who ask for it', async () => {
    const backend = await warm()
    const keys = Array.from({ length: 40 }, uniqueKey)
    const asked = keys.flatMap((key) => [key, key, key]).map(claimOn)
    const answers = await Promise.all(asked.map((claim) => backend.tryAcquire(claim, terms())))
    const granted = asked.filter((_, i) => answers[i]?.granted)
    expect(granted.map(({ key }) => key).toSorted()).toEqual(keys.toSorted())
    const ended = await Promise.all(asked.map((claim) => backend.release(claim)))
    expect(asked.filter((_, i) => ended[i])).toEqual(granted)
  })

  it('is answered one by one, where etcd refuses it as a whole because of one', async () => {
    const backend = await warm()
    const [tooLarge, ...others] = claims(8)
    if (tooLarge === undefined) throw new Error('nothing to ask')
    const refused = backend.tryAcquire(tooLarge, { ...terms(), metadata: 'x'.repeat(2_000_000) })
    const grants = others.map((claim) => backend.tryAcquire(claim, terms()))
    await expect(refused).rejects.toMatchObject({ code: 'INVALID' })
    for (const grant of grants) expect(await grant).toMatchObject({ granted: true })
    for (const claim of others) expect(await backend.release(claim)).toBe(true)
  })
})
