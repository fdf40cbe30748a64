import { expect, it } from 'vitest'
import { SLOTS, slotOfText } from '../src/cluster/slot.ts'
import { keyNames } from '../src/key-names.ts'
import { PARTITIONS, partitionOf } from '../src/partitions.ts'

const slots = PARTITIONS.map(slotOfText)

it('each partition is in the middle of its twelfth of the slots', () => {
  const twelfth = SLOTS / PARTITIONS.length
  for (const [index, slot] of slots.entries())
    expect(Math.abs(slot - (index + 0.5) * twelfth)).toBeLessThan(twelfth / 20)
})

it.each([1, 2, 3, 4, 6, 12])('%i masters with as many slots each have as many partitions each', (masters) => {
  const counts = Array.from({ length: masters }, () => 0)
  for (const slot of slots)
    counts[Math.floor((slot * masters) / SLOTS)] = (counts[Math.floor((slot * masters) / SLOTS)] ?? 0) + 1
  expect(new Set(counts)).toEqual(new Set([PARTITIONS.length / masters]))
})

it.each(['seat:', 'order/1000', 'user 0000:é:', ''])(
  'keys that begin with %j and are counted spread evenly',
  (prefix) => {
    const counts = new Map<string, number>()
    for (let index = 0; index < 12_000; index += 1) {
      const partition = partitionOf(`${prefix}${index}`)
      counts.set(partition, (counts.get(partition) ?? 0) + 1)
    }
    expect(counts.size).toBe(PARTITIONS.length)
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(100)
  },
)

// Processes of several versions must look for a lock in one place.
it.each([
  ['seat:A1', 'leasehold:{g53}:seat:A1:hold'],
  ['é', 'leasehold:{hal}:é:hold'],
  ['}{', 'leasehold:{jyc}:}{:hold'],
  ['order:{42}:a', 'leasehold:}order:{42}:a:hold'],
])('%j stays where it is', (key, name) => {
  expect(keyNames('leasehold:', key).hold).toBe(name)
})
