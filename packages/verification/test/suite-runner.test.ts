import {
  type ConformanceCase,
  type ConformanceTarget,
  registerConformance,
  runCase,
  runConformance,
  type TestOptions,
  type Trial,
  virtualTime,
} from '@leasehold/core/conformance'
import { MemoryStore, memoryBackend } from '@leasehold/core/memory'
import { describe, expect, it } from 'vitest'
import { memoryTarget } from '../src/conformance/memory.ts'

function caseOf(slug: string, run: (trial: Trial) => Promise<void>, alone = false): ConformanceCase {
  return { id: `acquire/${slug}`, group: 'acquire', title: slug, needs: [], alone, run }
}

/** In real time, as a server would be. */
function realTarget(): ConformanceTarget {
  const store = new MemoryStore()
  return { name: 'memory in real time', open: () => memoryBackend({ store }) }
}

/** Cases that note who is inside at the same time. */
function visitors() {
  let inside = 0
  const seen = new Map<string, number>()
  const visit = (slug: string, alone = false) =>
    caseOf(
      slug,
      async (t) => {
        inside += 1
        seen.set(slug, Math.max(seen.get(slug) ?? 0, inside))
        await t.pass(20)
        seen.set(slug, Math.max(seen.get(slug) ?? 0, inside))
        inside -= 1
      },
      alone,
    )
  return { visit, seen }
}

const blockFor = (ms: number) => {
  const untilMs = performance.now() + ms
  while (performance.now() < untilMs);
}

describe('cases that run beside each other', () => {
  it('are as many as asked for, and those that disturb others are alone, after them', async () => {
    const { visit, seen } = visitors()
    const ended: string[] = []
    const cases = [visit('alone', true), ...['a', 'b', 'c', 'd', 'e', 'f'].map((slug) => visit(slug))]
    const report = await runConformance(realTarget(), {
      cases,
      concurrency: 3,
      onOutcome: ({ title }) => void ended.push(title),
    })
    expect(report.passed).toEqual(cases.map(({ id }) => id))
    expect(seen.get('alone')).toBe(1)
    expect(ended.at(-1)).toBe('alone')
    expect(Math.max(...seen.values())).toBe(3)
  })

  it('are one at a time in virtual time, where all would move the same clock', async () => {
    const { visit, seen } = visitors()
    await runConformance(memoryTarget(), { cases: [visit('a'), visit('b'), visit('c')], concurrency: 3 })
    expect([...seen.values()]).toEqual([1, 1, 1])
  })

  it('keep out one that disturbs them, whoever runs them', async () => {
    const { visit, seen } = visitors()
    const target = realTarget()
    await Promise.all([visit('a'), visit('alone', true), visit('b')].map((each) => runCase(each, target)))
    expect(seen.get('alone')).toBe(1)
  })

  it('are a whole number', async () => {
    for (const concurrency of [0, 1.5, Number.NaN, -1]) {
      await expect(runConformance(realTarget(), { concurrency })).rejects.toThrow(RangeError)
      expect(() => registerConformance({ describe() {}, it() {} }, realTarget(), { concurrency })).toThrow(
        /whole number/,
      )
    }
  })

  it('all name themselves where one of them left a rejection unhandled', async () => {
    let leaked = () => {}
    const leak = new Promise<void>((resolve) => {
      leaked = resolve
    })
    const leaky = caseOf('leaky', async (t) => {
      await t.pass(10)
      void Promise.reject(new Error('nobody listens'))
      await t.pass(0)
      leaked()
    })
    const { failed } = await runConformance(realTarget(), { cases: [leaky, caseOf('innocent', () => leak)] })
    expect(failed.map(({ id }) => id)).toContain('acquire/leaky')
    expect(String(failed[0]?.error)).toMatch(
      /left unhandled, by one of acquire\/leaky, acquire\/innocent\n.*nobody listens/,
    )
  })
})

describe('a case that fails', () => {
  it('tells its id, the cause behind the cause, and what was asked and answered', async () => {
    const failing = caseOf('failing', async (t) => {
      const client = await t.open()
      const { claim } = await t.hold(client, t.key(), 1_000)
      await client.tryAcquire(t.claim(claim.key), t.terms())
      throw new Error('it went wrong', { cause: new Error('the disk is full') })
    })
    const { failed } = await runConformance(memoryTarget(), { cases: [failing] })
    const told = String(failed[0]?.error)
    expect(told).toContain('acquire/failing: Error: it went wrong')
    expect(told).toContain('because of Error: the disk is full')
    expect(told).toMatch(/tryAcquire claim 2 on key 2: granted for 1000 ms with token \d+, after 0\.0 ms/)
    expect(told).toMatch(/tryAcquire claim 3 on key 2: contended for another 1000 ms/)
  })

  it('says nothing when the machine stood still meanwhile: it is run once more, alone, with more time', async () => {
    const ttls: number[] = []
    const hindered = caseOf('hindered', async (t) => {
      ttls.push(t.ttlMs)
      if (ttls.length > 1) return
      for (let i = 0; i < 20; i += 1) {
        blockFor(130)
        await t.pass(25)
      }
      throw new Error('too late')
    })
    expect(await runCase(hindered, realTarget())).toEqual({ status: 'passed' })
    expect(ttls).toHaveLength(2)
    expect(ttls[1]).toBeGreaterThan(ttls[0] as number)
  })

  it('says nothing when the server was late for everybody meanwhile', async () => {
    let lateMs = 0
    let lateAnswers = 0
    const backend = realTarget().open()
    const target: ConformanceTarget = {
      name: 'memory behind a server that is busy',
      open: () => ({
        ...backend,
        async tryAcquire(claim, terms) {
          const answerMs = lateMs
          await new Promise((resolve) => setTimeout(resolve, answerMs))
          if (answerMs > 0) lateAnswers += 1
          return backend.tryAcquire(claim, terms)
        },
      }),
    }
    let runs = 0
    const hindered = caseOf('hindered', async (t) => {
      runs += 1
      if (runs > 1) return
      lateMs = t.ttlMs
      await t.until(() => lateAnswers > 0, 'somebody else has waited for an answer')
      lateMs = 0
      throw new Error('too late')
    })
    expect(await runCase(hindered, target)).toEqual({ status: 'passed' })
    expect(runs).toBe(2)
  })

  it('is no excuse a second time, where nothing else keeps the machine busy', async () => {
    let runs = 0
    const hopeless = caseOf('hopeless', async (t) => {
      runs += 1
      blockFor(t.ttlMs)
      await t.pass(25)
      throw new Error('too late')
    })
    const outcome = await runCase(hopeless, realTarget())
    expect(runs).toBe(2)
    // What other work this machine has is not for this test to say: inconclusive, or failed without an excuse.
    const why = outcome.status === 'inconclusive' ? outcome.reason : String('error' in outcome && outcome.error)
    expect(why).toMatch(
      outcome.status === 'inconclusive' ? /ms late/ : /nothing else keeps this machine busy: .* ms late/,
    )
  })

  it('is inconclusive where it looked too late for what no machine is given more time for', async () => {
    let runs = 0
    const late = caseOf('late', async (t) => {
      runs += 1
      t.seenWithin(0, t.nowMs() - 1, 'it')
      throw new Error('too late')
    })
    const outcome = await runCase(late, realTarget())
    expect(runs).toBe(2)
    const why = outcome.status === 'inconclusive' ? outcome.reason : String('error' in outcome && outcome.error)
    expect(why).toMatch(/it was seen after \d+ ms; the case needs it within 0 ms|ms late/)
  })

  it('fails at once where the machine kept up', async () => {
    let runs = 0
    const wrong = caseOf('wrong', async () => {
      runs += 1
      throw new Error('wrong')
    })
    const time = virtualTime()
    expect(await runCase(wrong, { ...memoryTarget(), time })).toMatchObject({ status: 'failed' })
    expect(runs).toBe(1)
  })
})

describe('registration', () => {
  it('names tests by their ids, and tells the runner that they may run beside each other', () => {
    const groups: [string, TestOptions][] = []
    const names: string[] = []
    const runner = {
      describe(name: string, options: TestOptions, body: () => void) {
        groups.push([name, options])
        body()
      },
      it: (name: string) => void names.push(name),
    }
    registerConformance(runner, realTarget(), { concurrency: 4 })
    expect(groups[0]).toEqual(['memory in real time', { concurrent: true, concurrency: 4 }])
    expect(names).toContain('acquire/free-key: a free key is granted, with a finite TTL and a bigint token')
    groups.length = 0
    registerConformance(runner, memoryTarget(), { concurrency: 4 })
    expect(groups[0]?.[1]).toEqual({})
  })

  it('runs no more at a time than that, also under a runner that counts those of each group by themselves', async () => {
    const tests: (() => Promise<void>)[] = []
    const runner = {
      describe: (_name: string, _options: TestOptions, body: () => void) => body(),
      it: (_name: string, _options: TestOptions, body: (context: { skip(): void }) => Promise<void>) =>
        void tests.push(() => body({ skip() {} })),
    }
    let opened = 0
    let closeAll = () => {}
    const closed = new Promise<void>((resolve) => {
      closeAll = resolve
    })
    const slow = () => {
      opened += 1
      return { ...memoryBackend({ store: new MemoryStore() }), close: () => closed }
    }
    registerConformance(runner, { ...realTarget(), open: slow }, { concurrency: 2 })
    const running = Promise.allSettled(tests.slice(0, 5).map((test) => test()))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(opened).toBe(2)
    closeAll()
    await running
    expect(opened).toBeGreaterThan(5)
  })
})
