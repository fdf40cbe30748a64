import { describe, expect, it } from 'vitest'
import { type Conditions, Link } from '../src/simulation/link.ts'
import { Machine } from '../src/simulation/machine.ts'
import { Prng } from '../src/simulation/prng.ts'
import { HEALTHY } from '../src/simulation/scenario.ts'
import { World } from '../src/simulation/world.ts'

const steady = { monotonicMs: 0, wallMs: 1000, monotonicRate: 1, wallRate: 1 }
const newMachine = (world: World, settings = steady) => new Machine(world, 'p', settings, new Prng(1, 'p'))
const nothing = () => {}

describe('the generator of random numbers', () => {
  it('gives one row of numbers for one seed and stream', () => {
    const row = (seed: number, stream: string) => {
      const prng = new Prng(seed, stream)
      return Array.from({ length: 5 }, () => prng.fraction())
    }
    expect(row(7, 'a')).toEqual(row(7, 'a'))
    expect(row(7, 'a')).not.toEqual(row(7, 'b'))
    expect(row(7, 'a')).not.toEqual(row(8, 'a'))
    expect(row(7, 'a')).not.toEqual(row(7 + 2 ** 32, 'a'))
  })

  it('stays within the range that was asked for', () => {
    const prng = new Prng(1)
    const numbers = Array.from({ length: 1000 }, () => prng.integer(2, 4))
    expect(new Set(numbers)).toEqual(new Set([2, 3, 4]))
  })
})

describe('the world', () => {
  it('lets events happen in the order of time, and of scheduling where times are equal', async () => {
    const world = new World()
    const seen: string[] = []
    for (const [delayMs, name] of [
      [5, 'c'],
      [1, 'a'],
      [1, 'b'],
      [9, 'late'],
    ] as const)
      world.schedule(delayMs, () => seen.push(name))
    world.schedule(2, () => seen.push('cancelled'))()
    await world.run(8, nothing)
    expect(seen).toEqual(['a', 'b', 'c'])
    expect(world.nowMs).toBe(8)
  })

  it('lets all promises settle before the next event, however long their chain', async () => {
    const world = new World()
    const seen: string[] = []
    const chain = async () => {
      for (let turn = 0; turn < 1000; turn += 1) await undefined
      seen.push('settled')
    }
    world.schedule(1, () => void chain())
    world.schedule(1, () => seen.push('next'))
    await world.run(2, () => seen.push('looked'))
    expect(seen).toEqual(['settled', 'looked', 'next', 'looked'])
  })
})

describe('a machine', () => {
  it('opens no letter while it is stopped, and afterwards one in each event', async () => {
    const world = new World()
    const machine = newMachine(world)
    const seen: string[] = []
    const looks: number[] = []
    machine.stop()
    machine.deliver('message', () => seen.push('message'))
    machine.timers.setTimer(10, () => seen.push('timer'))
    await world.run(50, nothing)
    expect(seen).toEqual([])
    machine.resume()
    await world.run(60, () => looks.push(seen.length))
    expect([...seen].sort()).toEqual(['message', 'timer'])
    expect(looks).toEqual([1, 2])
    expect(machine.clock.now()).toEqual({ monotonicMs: 60, wallMs: 1060 })
  })

  it('keeps the order of letters that come while others still lie there', async () => {
    const world = new World()
    const machine = newMachine(world)
    const seen: string[] = []
    machine.stop()
    machine.deliver('message', () => seen.push('first'))
    machine.deliver('message', () => seen.push('second'))
    machine.resume()
    machine.deliver('message', () => seen.push('third'))
    await world.run(1, nothing)
    expect(seen).toEqual(['first', 'second', 'third'])
  })

  it('counts no monotonic time while it is suspended, and its timers wait that much longer', async () => {
    const world = new World()
    const machine = newMachine(world)
    let firedAtMs: number | undefined
    machine.timers.setTimer(100, () => {
      firedAtMs = world.nowMs
    })
    await world.run(50, nothing)
    machine.suspend()
    await world.run(500, nothing)
    expect(machine.clock.now()).toEqual({ monotonicMs: 50, wallMs: 1500 })
    machine.resume()
    await world.run(549, nothing)
    expect(firedAtMs).toBeUndefined()
    await world.run(560, nothing)
    expect(firedAtMs).toBeGreaterThanOrEqual(550)
  })

  it('never fires a timer before its own clock says so, however fast or slow it runs', async () => {
    for (const monotonicRate of [0.995, 1, 1.005]) {
      const world = new World()
      const machine = newMachine(world, { ...steady, monotonicRate })
      const early: number[] = []
      for (let delayMs = 0; delayMs < 500; delayMs += 7) {
        machine.timers.setTimer(delayMs, () => {
          if (machine.clock.now().monotonicMs < delayMs) early.push(delayMs)
        })
      }
      await world.run(1000, nothing)
      expect(machine.timers.armed).toBe(0)
      expect(early).toEqual([])
    }
  })

  it('does nothing any more when it is dead', async () => {
    const world = new World()
    const machine = newMachine(world)
    const seen: string[] = []
    machine.timers.setTimer(1, () => seen.push('timer'))
    machine.kill()
    machine.deliver('message', () => seen.push('message'))
    machine.resume()
    await world.run(10, nothing)
    expect(seen).toEqual([])
    expect(machine.timers.armed).toBe(0)
  })
})

describe('a link', () => {
  async function arrivals(conditions: Partial<Conditions>, cut = false) {
    const world = new World()
    const seen = { arrived: [] as number[], reset: 0, lost: 0, duplicated: 0 }
    const log = { lost: () => (seen.lost += 1), duplicated: () => (seen.duplicated += 1) }
    const link = new Link(
      world,
      new Prng(3, 'link'),
      { ...HEALTHY, latencyMs: [1, 50], ordered: false, ...conditions },
      log,
    )
    link.cut.request = cut
    for (let number = 0; number < 50; number += 1) {
      link.send(
        'request',
        () => void seen.arrived.push(number),
        () => (seen.reset += 1),
      )
    }
    await world.run(100, nothing)
    return seen
  }
  const sent = Array.from({ length: 50 }, (_, number) => number)

  it('delays, so that messages overtake each other, unless it keeps their order', async () => {
    const disordered = await arrivals({})
    expect(disordered.arrived).not.toEqual(sent)
    expect([...disordered.arrived].sort((a, b) => a - b)).toEqual(sent)
    expect((await arrivals({ ordered: true })).arrived).toEqual(sent)
  })

  it('loses messages, in silence or with a broken connection', async () => {
    const silent = await arrivals({ lossChance: 0.5 })
    expect(silent.lost).toBeGreaterThan(0)
    expect(silent.arrived.length + silent.lost).toBe(50)
    expect(silent.reset).toBe(0)
    const told = await arrivals({ lossChance: 0.5, resetChance: 1 })
    expect(told.reset).toBe(told.lost)
  })

  it('sends messages twice', async () => {
    const seen = await arrivals({ duplicateChance: 0.5 })
    expect(seen.duplicated).toBeGreaterThan(0)
    expect(seen.arrived.length).toBe(50 + seen.duplicated)
  })

  it('carries nothing in a direction that is cut', async () => {
    expect((await arrivals({}, true)).arrived).toEqual([])
  })
})
