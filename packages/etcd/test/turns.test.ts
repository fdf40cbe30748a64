import { describe, expect, it } from 'vitest'
import type { EtcdConnection, OnEnd, Stream, Told } from '../src/connection.ts'
import { EtcdError } from '../src/errors.ts'
import { Turns, type Waiting } from '../src/turns.ts'

/** A watch of the test's making. */
class Watched {
  opened = 0
  deleted: (place: string, revision: bigint) => void = () => {}
  end: OnEnd = () => {}
  readonly connection = {
    watch: async (
      _key: Buffer,
      _end: Buffer,
      _what: Told,
      onDeleted: typeof this.deleted,
      onEnd: OnEnd,
    ): Promise<Stream> => {
      this.opened += 1
      this.deleted = onDeleted
      this.end = onEnd
      return { cancel: () => {} }
    },
  } as unknown as EtcdConnection
}

const range = { key: Buffer.from('a/'), range_end: Buffer.from('a0') }
const told = (waiting: Waiting) =>
  Promise.race([waiting.woken, new Promise((resolve) => setImmediate(resolve, 'nothing'))])

async function listening(): Promise<{ watched: Watched; turns: Turns; waiting: Waiting }> {
  const watched = new Watched()
  const turns = new Turns(watched.connection, range, () => {})
  await turns.listen()
  return { watched, turns, waiting: turns.enter('a/key/me') }
}

describe('whoever waits', () => {
  it('has its turn when all who came before have left', async () => {
    const { watched, waiting } = await listening()
    waiting.standsBehind([
      { place: 'a/key/first', since: 5n },
      { place: 'a/key/second', since: 6n },
    ])
    watched.deleted('a/key/second', 8n)
    watched.deleted('a/other/first', 9n)
    expect(await told(waiting)).toBe('nothing')
    watched.deleted('a/key/first', 10n)
    expect(await told(waiting)).toBe('turn')
  })

  it('counts who left before it was known that they stood ahead', async () => {
    const { watched, waiting } = await listening()
    watched.deleted('a/key/first', 7n)
    waiting.standsBehind([{ place: 'a/key/first', since: 5n }])
    expect(await told(waiting)).toBe('turn')
  })

  it('waits for who lost its place and came back before it', async () => {
    const { watched, waiting } = await listening()
    watched.deleted('a/key/first', 4n)
    waiting.standsBehind([{ place: 'a/key/first', since: 5n }])
    watched.deleted('a/key/first', 4n)
    expect(await told(waiting)).toBe('nothing')
    watched.deleted('a/key/first', 7n)
    expect(await told(waiting)).toBe('turn')
  })

  it('looks again when its own place is deleted', async () => {
    const { watched, waiting } = await listening()
    waiting.standsBehind([{ place: 'a/key/first', since: 5n }])
    watched.deleted('a/key/me', 7n)
    expect(await told(waiting)).toBe('look')
  })

  it('looks again when the watch ends, for compaction or any other reason, and it is opened anew', async () => {
    const { watched, turns, waiting } = await listening()
    waiting.standsBehind([{ place: 'a/key/first', since: 5n }])
    watched.end(new EtcdError('UNAVAILABLE', 'the watch was cancelled: required revision has been compacted'))
    expect(await told(waiting)).toBe('look')
    expect(turns.isListening).toBe(false)
    await turns.listen()
    expect(watched.opened).toBe(2)
    expect(turns.isListening).toBe(true)
  })
})
