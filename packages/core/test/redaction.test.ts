import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { redact } from '../src/engine/redaction.ts'

const holder = '0123456789abcdef0123456789abcdef'

it('keeps name, message, code and stack, and drops what drivers attach', () => {
  const error = Object.assign(new TypeError(`EVALSHA failed for ${holder}`), {
    code: 'ECONNRESET',
    command: { name: 'evalsha', args: [holder] },
  })
  const safe = redact(error)
  expect(safe).toMatchObject({ name: 'TypeError', message: 'EVALSHA failed for ***', code: 'ECONNRESET' })
  expect(safe.stack).toContain('redaction.test.ts')
  expect(inspect(safe, { depth: 9, showHidden: true })).not.toContain(holder)
})

it('hides credentials in addresses and settings', () => {
  const { message } = redact(new Error('connect redis://user:s3c/r@et@host:6379 failed; Authorization: Basic s3cret'))
  expect(message).not.toContain('s3cret')
  expect(message).toContain('host:6379')
  expect(redact(new Error('ERR AUTH default hunter2')).message).not.toContain('hunter2')
})

it('joins the messages that an AggregateError hides', () => {
  const error = new AggregateError([
    new Error('connect ECONNREFUSED ::1:1'),
    new Error('connect ECONNREFUSED 127.0.0.1:1'),
  ])
  expect(redact(error).message).toBe('Error: connect ECONNREFUSED ::1:1; Error: connect ECONNREFUSED 127.0.0.1:1')
})

it('takes errors of another realm for what they are, as test runners have those of Node', () => {
  const error = runInNewContext(`Object.assign(new TypeError('connect failed'), { code: 'ECONNREFUSED' })`)
  expect(error instanceof Error).toBe(false)
  expect(redact(error)).toMatchObject({ name: 'TypeError', message: 'connect failed', code: 'ECONNREFUSED' })
  const joined = redact(runInNewContext(`new AggregateError([new Error('one'), new Error('other')])`))
  expect(joined).toMatchObject({ name: 'AggregateError', message: 'Error: one; Error: other' })
})

it('accepts anything that can be thrown', () => {
  expect(redact('plain text').message).toBe('plain text')
  expect(redact(undefined).message).toBe('undefined')
  expect(redact(Object.create(null)).message).toBe('an unprintable error')
})

it('hides credentials whatever they are called, and in what is too long to be shown', () => {
  for (const name of [
    'PGPASSWORD=',
    'db_password: ',
    'access_token=',
    'client_secret=',
    'requirepass: ',
    'passphrase=',
  ]) {
    expect(redact(new Error(`${name}hunter2`)).message).not.toContain('hunter2')
  }
  expect(redact(new Error(`${'x'.repeat(4070)} redis://user:hunter2@host`)).message).not.toContain('hunt')
  expect(redact(new Error('author=Jane: no such table')).message).toContain('Jane')
})
