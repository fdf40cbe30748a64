import { FenceGuard } from '@leasehold/core'
import { describe, expect, it } from 'vitest'
import { BeliefCheck, type Truth } from '../src/simulation/belief-check.ts'
import { ClaimAudit } from '../src/simulation/claim-audit.ts'
import { ContenderCount } from '../src/simulation/contender-count.ts'
import { FencedRegister } from '../src/simulation/fenced-register.ts'
import { LeaseBook, type LeaseEntry } from '../src/simulation/lease-book.ts'
import { Machine } from '../src/simulation/machine.ts'
import { WHOLE } from '../src/simulation/part.ts'
import { Prng } from '../src/simulation/prng.ts'
import { World } from '../src/simulation/world.ts'

const claim = { key: 'k', holder: 'h' }

function reported() {
  const rules: string[] = []
  return { rules, report: (rule: string) => void rules.push(rule) }
}

describe('the count of contenders', () => {
  it('allows one for each key and process, one after the other', () => {
    const { rules, report } = reported()
    const count = new ContenderCount(report)
    count.began('p1', 'k', 'a')
    count.began('p1', 'other', 'b')
    count.began('p2', 'k', 'c')
    count.ended('p1', 'k', 'a')
    count.began('p1', 'k', 'd')
    expect(rules).toEqual([])
    expect(count.waiting('p1', 'k')).toBe(1)
  })

  it('sees a second one', () => {
    const { rules, report } = reported()
    const count = new ContenderCount(report)
    count.began('p1', 'k', 'a')
    count.began('p1', 'k', 'b')
    expect(rules).toEqual(['L3'])
  })
})

describe('the audit of claims', () => {
  const audited = (history: (audit: ClaimAudit) => void): string[] => {
    const { rules, report } = reported()
    const audit = new ClaimAudit(report, () => '')
    history(audit)
    audit.finish()
    return rules
  }

  it('sees a grant that nobody got and nobody gave back', () => {
    const history = (audit: ClaimAudit) => {
      audit.sent('p', claim)
      audit.answered(claim, true)
    }
    expect(audited(history)).toEqual(['S7'])
  })

  it('sees an acquire without an answer that was not compensated', () => {
    expect(audited((audit) => audit.sent('p', claim))).toEqual(['S6'])
  })

  it('does not take a refusal for the answer to another, unanswered attempt', () => {
    const history = (audit: ClaimAudit) => {
      audit.sent('p', claim)
      audit.sent('p', claim)
      audit.answered(claim, false)
    }
    expect(audited(history)).toEqual(['S6'])
  })

  it('sees a late grant after its lease has been given back', () => {
    const history = (audit: ClaimAudit) => {
      audit.sent('p', claim)
      audit.sent('p', claim)
      audit.answered(claim, true)
      audit.leased(claim.holder)
      audit.released(claim)
      audit.answered(claim, true)
    }
    expect(audited(history)).toEqual(['S7'])
  })

  it.each<[string, (audit: ClaimAudit) => void]>([
    ['a refusal', (audit) => audit.answered(claim, false)],
    ['a lease', (audit) => audit.leased(claim.holder)],
    ['a release that follows', (audit) => void audit.released(claim)],
    ['the word of the server that the claim is gone', (audit) => audit.gone(claim)],
    ['the death of the process', (audit) => audit.died('p')],
    ['a hand-off', (audit) => audit.handedOff(claim.holder)],
  ])('is content with %s', (_, settle) => {
    const history = (audit: ClaimAudit) => {
      audit.sent('p', claim)
      settle(audit)
    }
    expect(audited(history)).toEqual([])
  })

  it('asks nothing of a process that has closed its backend when the grant arrives', () => {
    const history = (audit: ClaimAudit) => {
      audit.sent('p', claim)
      audit.released(claim)
      audit.closed('p')
      audit.answered(claim, true)
    }
    expect(audited(history)).toEqual([])
  })
})

describe('the fenced register', () => {
  const register = () => {
    const { rules, report } = reported()
    return { rules, cells: new FencedRegister(new FenceGuard(), report) }
  }

  it('refuses a write with a token older than one it has seen; its twin loses an update', () => {
    const { rules, cells } = register()
    const stale = cells.read('k', 1n)
    cells.write('k', 2n, cells.read('k', 2n))
    expect(() => cells.write('k', 1n, stale)).toThrow('stale')
    expect(cells.unfencedLost).toBe(1)
    expect(rules).toEqual([])
  })

  it('sees an update lost under one token, which no fence can prevent', () => {
    const { rules, cells } = register()
    const first = cells.read('k', 1n)
    cells.write('k', 1n, cells.read('k', 1n))
    cells.write('k', 1n, first)
    expect(rules).toEqual(['fenced'])
  })

  it('sees a guard that lets stale tokens through', () => {
    const { rules, report } = reported()
    const guard = new FenceGuard()
    guard.check = () => {}
    const cells = new FencedRegister(guard, report)
    const stale = cells.read('k', 1n)
    cells.write('k', 2n, cells.read('k', 2n))
    cells.write('k', 1n, stale)
    expect(rules).toContain('fenced')
  })
})

describe('the check of beliefs', () => {
  const settings = { monotonicMs: 0, wallMs: 0, monotonicRate: 1, wallRate: 1 }
  const machine = (name: string) => new Machine(new World(), name, settings, new Prng(1, name))
  const abort = () => new AbortController()

  function checked(truth: Partial<Truth> = {}) {
    const { rules, report } = reported()
    const book = new LeaseBook()
    const held = { key: 'k', holder: 'h', token: 1n, lastToken: 1n, part: WHOLE, expiresAtMs: 100 }
    const facts: Truth = { nowMs: () => 0, holds: () => [held], excusedByStateLoss: () => false, ...truth }
    return { rules, book, check: new BeliefCheck(book, facts, report) }
  }

  const entry = (over: Partial<LeaseEntry> = {}): LeaseEntry => ({
    machine: machine('p'),
    key: 'k',
    token: 1n,
    part: WHOLE,
    lease: { remainingMs: 10, signal: abort().signal },
    listens: true,
    letGo: false,
    ...over,
  })

  it('is content with one valid lease that the server holds the key for', () => {
    const { rules, book, check } = checked()
    book.add(entry())
    check.look()
    expect(rules).toEqual([])
  })

  it('sees two valid leases of one key', () => {
    const { rules, book, check } = checked({
      holds: (key) => [{ key, holder: 'h', token: 1n, lastToken: 1n, part: WHOLE, expiresAtMs: 1 }],
    })
    book.add(entry())
    book.add(entry({ token: 2n }))
    check.look()
    expect(rules).toEqual(['S1', 'S1'])
  })

  it('sees that readers stand together, and permits of different slots, and nobody else', () => {
    const reader = { kind: 'shared', slots: [] } as const
    const permits = (...slots: number[]) => ({ kind: 'permits', slots }) as const
    for (const [one, other, together] of [
      [reader, reader, true],
      [reader, WHOLE, false],
      [permits(0, 1), permits(2), true],
      [permits(0, 1), permits(1), false],
      [permits(0), reader, false],
    ] as const) {
      const hold = { key: 'k', holder: 'h', expiresAtMs: 1 }
      const { rules, book, check } = checked({
        holds: () => [
          { ...hold, token: 1n, lastToken: 1n, part: one },
          { ...hold, token: 2n, lastToken: 2n, part: other },
        ],
      })
      book.add(entry({ part: one }))
      book.add(entry({ token: 2n, part: other }))
      check.look()
      expect(rules).toEqual(together ? [] : ['S1'])
    }
  })

  it('sees a lease that outlives its hold at the server', () => {
    const { rules, book, check } = checked({ holds: () => [] })
    book.add(entry())
    check.look()
    expect(rules).toEqual(['S1'])
  })

  it('excuses both where the server has lost its state, and counts the overlap', () => {
    const { rules, book, check } = checked({ holds: () => [], excusedByStateLoss: () => true })
    book.add(entry())
    book.add(entry({ token: 2n }))
    check.look()
    expect(rules).toEqual([])
    expect(check.excusedOverlaps).toBe(1)
  })

  it('takes no notice of leases that were let go, and of the dead', () => {
    const { rules, book, check } = checked({ holds: () => [] })
    book.add(entry({ letGo: true }))
    const dead = machine('dead')
    dead.kill()
    book.add(entry({ machine: dead }))
    check.look()
    expect(rules).toEqual([])
  })

  it('sees a lease that is valid although its signal has aborted', () => {
    const { rules, book, check } = checked()
    book.add(entry({ lease: { remainingMs: 10, signal: AbortSignal.abort() } }))
    check.look()
    expect(rules).toEqual(['S3'])
  })

  it('sees a lease that is valid although its process was told that it is gone', () => {
    const { rules, book, check } = checked()
    check.over(book.add(entry({ listens: false })))
    check.look()
    expect(rules).toEqual(['S3'])
  })

  it('sees a signal that does not abort in time', () => {
    let nowMs = 0
    const { rules, book, check } = checked({ nowMs: () => nowMs })
    book.add(entry({ lease: { remainingMs: 0, signal: abort().signal } }))
    check.look()
    nowMs = 19
    check.look()
    expect(rules).toEqual([])
    nowMs = 21
    check.look()
    expect(rules).toEqual(['S3'])
  })
})
