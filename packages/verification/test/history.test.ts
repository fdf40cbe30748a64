import { checkHistory, type HistoryEvent } from '@leasehold/core/conformance'
import { describe, expect, it } from 'vitest'

const key = 'seat:A1'
const asked = (lease: string, at: bigint): HistoryEvent => ({ type: 'asked', lease, at })
const granted = (lease: string, at: bigint, validUntil: bigint, fencingToken: bigint, of = key): HistoryEvent => ({
  type: 'granted',
  lease,
  key: of,
  at,
  validUntil,
  fencingToken,
})
const ended = (lease: string, at: bigint): HistoryEvent => ({ type: 'ended', lease, at })
const accepted = (fencingToken: bigint): HistoryEvent => ({ type: 'accepted', key, fencingToken })

describe('the history check', () => {
  it('finds nothing wrong with leases that follow each other', () => {
    const history = [
      asked('a', 0n),
      granted('a', 1n, 100n, 1n),
      ended('a', 10n),
      asked('b', 5n),
      granted('b', 11n, 50n, 2n),
    ]
    expect(checkHistory(history)).toEqual([])
  })

  it('finds a lease that was granted while another was valid', () => {
    const history = [granted('a', 1n, 100n, 1n), granted('b', 99n, 200n, 2n)]
    expect(checkHistory(history)).toEqual([`${key}: b was granted while a was valid for another 1`])
  })

  it('finds an overlap with a lease that is not the one before', () => {
    const history = [granted('a', 1n, 100n, 1n), granted('b', 2n, 3n, 2n), granted('c', 50n, 60n, 3n)]
    expect(checkHistory(history)).toContain(`${key}: c was granted while a was valid for another 50`)
  })

  it('counts the time that a renewal has added', () => {
    const history: HistoryEvent[] = [
      granted('a', 1n, 100n, 1n),
      { type: 'renewed', lease: 'a', validUntil: 150n },
      granted('b', 120n, 200n, 2n),
    ]
    expect(checkHistory(history)).toEqual([`${key}: b was granted while a was valid for another 30`])
  })

  it('takes an end for an end only when it comes before the validity is over', () => {
    const history = [granted('a', 1n, 100n, 1n), ended('a', 500n), granted('b', 101n, 200n, 2n)]
    expect(checkHistory(history)).toEqual([])
  })

  it('does not mix keys', () => {
    expect(checkHistory([granted('a', 1n, 100n, 1n), granted('b', 2n, 100n, 1n, 'seat:A2')])).toEqual([])
  })

  it('finds a token that is not greater than one granted before it was asked for', () => {
    const history = [asked('a', 0n), granted('a', 1n, 2n, 7n), asked('b', 3n), granted('b', 4n, 5n, 6n)]
    expect(checkHistory(history)).toEqual([`${key}: b got token 6, after a had got 7`])
  })

  it('leaves the order of leases open that were asked for at the same time', () => {
    const history = [asked('a', 0n), asked('b', 0n), granted('a', 1n, 2n, 7n), granted('b', 4n, 5n, 6n)]
    expect(checkHistory(history)).toEqual([])
  })

  it('finds a token that was granted twice', () => {
    const history = [asked('a', 0n), asked('b', 0n), granted('a', 1n, 2n, 7n), granted('b', 4n, 5n, 7n)]
    expect(checkHistory(history)).toEqual([`${key}: two leases have the same token`])
  })

  it('finds an accepted write with an older token', () => {
    expect(checkHistory([accepted(1n), accepted(3n), accepted(3n), accepted(2n)])).toEqual([
      `${key}: a write with token 2 was accepted after one with 3`,
    ])
  })
})
