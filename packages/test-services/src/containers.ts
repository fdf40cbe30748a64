import { spawnSync } from 'node:child_process'
import { harmless } from './harmless.ts'
import type { Server, ServerOptions, Settings } from './server.ts'

/** How one kind of server is run from an image. */
export interface ContainerRecipe {
  readonly image: string
  readonly port: number
  readonly environment?: Readonly<Record<string, string>>
  command(settings: Settings): string[]
  readonly saysReady: RegExp
  /** How often it says so until it is. Default: once. */
  readonly saysSoTimes?: number
  urlAt(host: string, port: number): string
}

/** What is needed of the package `testcontainers`, which is installed only where somebody wants it. */
export interface Testcontainers {
  readonly GenericContainer: new (image: string) => Container
  readonly Wait: { forLogMessage(message: RegExp, times: number): unknown }
}

interface Container {
  withExposedPorts(port: number): Container
  withEnvironment(environment: Readonly<Record<string, string>>): Container
  withCommand(command: string[]): Container
  withWaitStrategy(strategy: unknown): Container
  start(): Promise<StartedContainer>
}

interface StartedContainer {
  getHost(): string
  getMappedPort(port: number): number
  stop(): Promise<unknown>
}

/** A container cannot be frozen or come back at its old port: who needs a server of his own gets none. */
export async function serverInContainer(recipe: ContainerRecipe, options: ServerOptions): Promise<Server | undefined> {
  if (options.own === true) return undefined
  const library = await testcontainers()
  return library !== undefined && dockerAnswers() ? startContainer(library, recipe, options.settings ?? {}) : undefined
}

async function testcontainers(): Promise<Testcontainers | undefined> {
  // Not a literal, since the compiler would want it to be installed.
  const name: string = 'testcontainers'
  try {
    return (await import(name)) as Testcontainers
  } catch {
    return undefined
  }
}

const dockerAnswers = (): boolean => spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 }).status === 0

export async function startContainer(
  { GenericContainer, Wait }: Testcontainers,
  recipe: ContainerRecipe,
  settings: Settings,
): Promise<Server> {
  const container = await new GenericContainer(recipe.image)
    .withExposedPorts(recipe.port)
    .withEnvironment(recipe.environment ?? {})
    .withCommand(recipe.command(settings))
    .withWaitStrategy(Wait.forLogMessage(recipe.saysReady, recipe.saysSoTimes ?? 1))
    .start()
  return serverOf(container, recipe, settings)
}

function serverOf(container: StartedContainer, recipe: ContainerRecipe, settings: Settings): Server {
  const host = container.getHost()
  const port = container.getMappedPort(recipe.port)
  const stop = async (): Promise<void> => void (await container.stop())
  return {
    ...harmless(`a container of ${recipe.image}`),
    source: `container ${recipe.image}`,
    host,
    port,
    url: recipe.urlAt(host, port),
    settings,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
