import { describe, expect, it } from 'vitest'
import { TokenOrder } from '../src/simulation/token-order.ts'

function reported() {
  const rules: string[] = []
  return { rules, report: (rule: string) => void rules.push(rule) }
}

describe('the order of tokens as callers see it', () => {
  it('is broken by an acquire that was invoked after another had returned a larger token', () => {
    const { rules, report } = reported()
    const order = new TokenOrder(report)
    order.invoke('k')(2n)
    order.invoke('k')(1n)
    expect(rules).toEqual(['S4'])
  })

  it('is not broken by a lease that stands on a hold which the server has forgotten', () => {
    const { rules, report } = reported()
    const order = new TokenOrder(report, { slotsOf: () => [], isExcused: (key, token) => key === 'k' && token === 1n })
    order.invoke('k')(5n)
    order.invoke('k')(1n)
    order.invoke('k')(2n)
    expect(rules).toEqual(['S4'])
  })

  it('is that of a slot for permits, and of all the key for everything else', () => {
    const { rules, report } = reported()
    const slots = new Map([
      [2n, [0]],
      [3n, [0, 1]],
      [4n, [1]],
      [5n, [1]],
      [7n, [2]],
    ])
    const order = new TokenOrder(report, { slotsOf: (_, token) => slots.get(token) ?? [], isExcused: () => false })
    order.invoke('k')(5n)
    order.invoke('k')(2n)
    expect(rules).toEqual([])
    order.invoke('k')(4n)
    order.invoke('k')(3n)
    expect(rules).toEqual(['S4', 'S4'])
    order.invoke('k')(1n)
    expect(rules).toHaveLength(3)
    order.invoke('k')(8n)
    order.invoke('k')(7n)
    expect(rules).toHaveLength(4)
  })

  it('is not broken by acquires under way at the same time, nor by other keys', () => {
    const { rules, report } = reported()
    const order = new TokenOrder(report)
    const slow = order.invoke('k')
    order.invoke('k')(2n)
    slow(1n)
    order.invoke('other')(1n)
    expect(rules).toEqual([])
  })
})
