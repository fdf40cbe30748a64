import type { Browser } from 'playwright-core'
import { type DatabaseService, startService } from '../../src/stage/services.ts'
import { launchChromium } from './chromium.ts'

/** What all labs of one run share. */
export interface Surroundings {
  readonly browser: Browser
  readonly database: DatabaseService
}

export async function openSurroundings(): Promise<Surroundings> {
  const [browser, database] = await Promise.all([launchChromium(), startService('postgres')])
  return { browser, database }
}

export async function closeSurroundings(surroundings: Surroundings | undefined): Promise<void> {
  await surroundings?.browser.close()
  await surroundings?.database.stop()
}
