import { afterAll, beforeAll, vi } from 'vitest'
import { describeLab } from './lab-stories.ts'
import { closeSurroundings, openSurroundings, type Surroundings } from './lab-surroundings.ts'

// For what hangs.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 })

let surroundings: Surroundings

beforeAll(async () => {
  surroundings = await openSurroundings()
})
afterAll(() => closeSurroundings(surroundings))

describeLab(['redis', 'postgres', 'etcd'], () => surroundings, { all: true })
