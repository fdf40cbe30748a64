import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TcpProxy, until } from '../src/index.ts'

/** Answers each piece it gets with the same in capitals. */
class Shouter {
  heard = ''
  readonly #sockets = new Set<Socket>()
  readonly #listener: Server = createServer((socket) => {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('data', (bytes) => {
      this.heard += bytes
      socket.write(String(bytes).toUpperCase())
    })
  })

  get target() {
    return { host: '127.0.0.1', port: (this.#listener.address() as AddressInfo).port }
  }

  get connectionCount(): number {
    return this.#sockets.size
  }

  async open(): Promise<void> {
    this.#listener.listen(0, '127.0.0.1')
    await once(this.#listener, 'listening')
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#listener.close()
  }
}

class Caller {
  heard = ''
  ending: 'open' | 'ended' | 'reset' = 'open'
  readonly socket: Socket

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.socket.on('data', (bytes) => {
      this.heard += bytes
    })
    this.socket.on('error', () => {
      this.ending = 'reset'
    })
    this.socket.on('end', () => {
      this.ending = 'ended'
    })
  }

  say(text: string): void {
    this.socket.write(text)
  }

  hears(text: string): Promise<void> {
    return until(`the caller hears ${text}`, () => this.heard === text)
  }

  ends(how: Caller['ending']): Promise<void> {
    return until(`the connection is ${how}`, () => this.ending === how)
  }
}

describe('a proxy', () => {
  const server = new Shouter()
  let proxy: TcpProxy
  let caller: Caller

  beforeEach(async () => {
    server.heard = ''
    await server.open()
    proxy = await TcpProxy.open(server.target)
    caller = new Caller(proxy.port)
    caller.say('a')
    await caller.hears('A')
  })

  afterEach(async () => {
    caller.socket.destroy()
    await proxy.close()
    server.close()
  })

  const serverHears = (text: string): Promise<void> => until(`the server hears ${text}`, () => server.heard === text)

  test('names itself in the URL of the server', () => {
    expect(proxy.through('postgres://me:secret@db:5432/app?x=1')).toBe(
      `postgres://me:secret@127.0.0.1:${proxy.port}/app?x=1`,
    )
  })

  test('delays requests: none has arrived when the direct way was already taken', async () => {
    proxy.delay(60_000, 'requests')
    caller.say('b')
    const direct = new Caller(server.target.port)
    direct.say('c')
    await direct.hears('C')
    direct.socket.destroy()
    expect(server.heard).toBe('ac')
    proxy.heal()
    await caller.hears('AB')
  })

  test('delays replies: the server has heard the request', async () => {
    proxy.delay(60_000, 'replies')
    caller.say('b')
    await serverHears('ab')
    expect(caller.heard).toBe('A')
    proxy.heal()
    await caller.hears('AB')
  })

  test('delivers after the delay, in order', async () => {
    proxy.delay(30)
    for (const letter of 'bcd') caller.say(letter)
    proxy.delay(1)
    caller.say('e')
    await caller.hears('ABCDE')
  })

  test('swallows requests, and says nothing to either side', async () => {
    proxy.swallow('requests')
    caller.say('b')
    await until('the request is lost', () => proxy.lostBytes('requests') === 1)
    expect(server.heard).toBe('a')
    expect(caller.ending).toBe('open')
  })

  test('swallows replies: the server has done what it was asked for', async () => {
    proxy.swallow('replies')
    caller.say('b')
    await until('the reply is lost', () => proxy.lostBytes('replies') === 1)
    expect(server.heard).toBe('ab')
    expect(caller).toMatchObject({ heard: 'A', ending: 'open' })
  })

  test('swallows the end of a connection as well', async () => {
    proxy.swallow('requests')
    caller.say('b')
    caller.socket.end()
    const later = new Caller(proxy.port)
    later.say('c')
    await until('a later request is lost', () => proxy.lostBytes('requests') === 2)
    expect(caller.ending).toBe('open')
    await until('the server has both connections', () => server.connectionCount === 2)
    later.socket.destroy()
  })

  test('cuts, on healing, a connection that lost something', async () => {
    proxy.swallow('replies')
    caller.say('b')
    await until('the reply is lost', () => proxy.lostBytes('replies') === 1)
    proxy.heal()
    await caller.ends('reset')
    await until('the server lost its client', () => server.connectionCount === 0)
  })

  test('spares, on healing, a connection that lost nothing', async () => {
    proxy.swallow('replies')
    proxy.heal()
    caller.say('b')
    await caller.hears('AB')
  })

  test('holds requests back until it heals', async () => {
    proxy.hold('requests')
    caller.say('b')
    const direct = new Caller(server.target.port)
    direct.say('c')
    await direct.hears('C')
    direct.socket.destroy()
    expect(server.heard).toBe('ac')
    proxy.heal()
    await caller.hears('AB')
  })

  test('cuts a request in the middle', async () => {
    const cut = proxy.cutAfter(3, 'requests')
    caller.say('bcdef')
    await cut
    await serverHears('abcd')
    await caller.ends('reset')
    await until('the server lost its client', () => server.connectionCount === 0)
  })

  test('cuts a reply in the middle', async () => {
    const cut = proxy.cutAfter(2, 'replies')
    caller.say('bcdef')
    await cut
    await caller.ends('ended')
    expect(caller.heard).toBe('ABC')
    expect(server.heard).toBe('abcdef')
  })

  test('cuts at once, and takes new connections', async () => {
    proxy.cut()
    await caller.ends('reset')
    const next = new Caller(proxy.port)
    next.say('b')
    await next.hears('B')
    next.socket.destroy()
  })

  test('forgets the connections that are open, tells neither side, and takes new ones', async () => {
    proxy.forget()
    caller.say('b')
    await until('it is lost', () => proxy.lostBytes('requests') === 1)
    const next = new Caller(proxy.port)
    next.say('c')
    await next.hears('C')
    next.socket.destroy()
    expect(caller).toMatchObject({ heard: 'A', ending: 'open' })
  })

  test('detains what is sent on the connections that are open until it heals, also when who sent it has gone, and takes new ones', async () => {
    proxy.detain()
    caller.say('b')
    caller.socket.destroy()
    const next = new Caller(proxy.port)
    next.say('c')
    await next.hears('C')
    next.socket.destroy()
    expect(server.heard).toBe('ac')
    proxy.heal()
    await serverHears('acb')
    await until('both sides are gone', () => proxy.connectionCount === 0 && server.connectionCount === 0)
  })

  test('passes on how a connection ends', async () => {
    caller.socket.end()
    await caller.ends('ended')
    await until('both sides are gone', () => proxy.connectionCount === 0 && server.connectionCount === 0)
  })

  test('resets its client where nobody listens behind it', async () => {
    await using lonely = await TcpProxy.open({ host: '127.0.0.1', port: 1 })
    const unlucky = new Caller(lonely.port)
    await unlucky.ends('reset')
  })

  test('leaves no connection behind when it closes', async () => {
    await proxy.close()
    await caller.ends('reset')
    await until('the server lost its client', () => server.connectionCount === 0)
    proxy = await TcpProxy.open(server.target)
  })
})
