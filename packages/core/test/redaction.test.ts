import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { redact } from '../src/redaction.ts'

const holder = '0123456789abcdef0123456789abcdef'

it('keeps name, message, code and stack, and drops what drivers attach', () => {
  const error = Object.assign(new TypeError(`EVALSHA failed for ${holder}`), {
    code: 'ECONNRESET',
    command: { name: 'evalsha', args: [holder] },
  })
  const safe = redact(error, [holder])
  expect(safe).toMatchObject({ name: 'TypeError', message: 'EVALSHA failed for ***', code: 'ECONNRESET' })
  expect(safe.stack).toContain('redaction.test.ts')
  expect(inspect(safe, { depth: 9, showHidden: true })).not.toContain(holder)
})

it('hides credentials in addresses and settings', () => {
  const { message } = redact(
    new Error('connect redis://user:s3cret@host:6379 failed; password=s3cret, pwd: "s3cret"'),
    [],
  )
  expect(message).not.toContain('s3cret')
  expect(message).toContain('host:6379')
})

it('joins the messages that an AggregateError hides', () => {
  const error = new AggregateError([
    new Error('connect ECONNREFUSED ::1:1'),
    new Error('connect ECONNREFUSED 127.0.0.1:1'),
  ])
  expect(redact(error, []).message).toBe('connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1')
})

it('accepts anything that can be thrown', () => {
  expect(redact('plain text', []).message).toBe('plain text')
  expect(redact(undefined, []).message).toBe('undefined')
})
