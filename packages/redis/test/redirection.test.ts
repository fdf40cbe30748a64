import { describe, expect, it } from 'vitest'
import { redirectionOf } from '../src/cluster/redirection.ts'

const from = { host: '10.0.0.1', port: 7000 }

describe('what a node says about where a slot is', () => {
  it.each([
    ['MOVED 3999 127.0.0.1:6381', false, '127.0.0.1', 6381],
    ['ASK 3999 127.0.0.1:6381', true, '127.0.0.1', 6381],
    ['MOVED 3999 redis-1.example:6381', false, 'redis-1.example', 6381],
    ['MOVED 3999 2001:db8::7:6381', false, '2001:db8::7', 6381],
    ['MOVED 3999 :6381', false, '10.0.0.1', 6381],
  ])('%s', (message, ask, host, port) => {
    expect(redirectionOf(new Error(message), from)).toEqual({ ask, to: { host, port } })
  })

  it.each(['MOVED', 'MOVED 3999', 'TRYAGAIN Multiple keys', 'ERR MOVED 3999 127.0.0.1:6381', 'Connection is closed.'])(
    'is not this: %s',
    (message) => {
      expect(redirectionOf(new Error(message), from)).toBeUndefined()
    },
  )
})
