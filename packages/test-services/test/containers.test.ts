import { expect, test, vi } from 'vitest'
import { startContainer, type Testcontainers } from '../src/containers.ts'

/** Records what is asked of it. The real library, and Docker, are for machines that have them. */
function recordingLibrary() {
  const asked: unknown[] = []
  const stop = vi.fn(async () => {})
  class GenericContainer {
    constructor(image: string) {
      asked.push(image)
    }
    withExposedPorts(port: number) {
      return this.#note(port)
    }
    withEnvironment(environment: object) {
      return this.#note(environment)
    }
    withCommand(command: string[]) {
      return this.#note(command)
    }
    withWaitStrategy(strategy: unknown) {
      return this.#note(strategy)
    }
    async start() {
      return { getHost: () => 'docker.example', getMappedPort: (port: number) => port + 10_000, stop }
    }
    #note(what: unknown) {
      asked.push(what)
      return this
    }
  }
  const library: Testcontainers = { GenericContainer, Wait: { forLogMessage: (message, times) => [message, times] } }
  return { library, asked, stop }
}

const recipe = {
  image: 'server:1',
  port: 1234,
  environment: { MODE: 'test' },
  command: (settings: Readonly<Record<string, string | number>>) => ['server', JSON.stringify(settings)],
  saysReady: /ready/,
  saysSoTimes: 2,
  urlAt: (host: string, port: number) => `server://${host}:${port}`,
}

test('a container is started as its recipe says, and is found at its mapped port', async () => {
  const { library, asked } = recordingLibrary()
  const server = await startContainer(library, recipe, { speed: 3 })
  expect(asked).toEqual(['server:1', 1234, { MODE: 'test' }, ['server', '{"speed":3}'], [/ready/, 2]])
  expect(server).toMatchObject({
    source: 'container server:1',
    url: 'server://docker.example:11234',
    settings: { speed: 3 },
  })
})

test('a container is stopped, and not harmed', async () => {
  const { library, stop } = recordingLibrary()
  const server = await startContainer(library, recipe, {})
  await expect(server.restart()).rejects.toThrow(/own: true/)
  await server.stop()
  expect(stop).toHaveBeenCalledOnce()
})
