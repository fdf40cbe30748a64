import { getRequestListener } from '@hono/node-server'
import type { OwnPages } from '../fleet/front-door.ts'
import { Lab, type LabOptions } from './lab.ts'
import { createLabApp } from './lab-app.ts'

const PREFIX = '/api/lab/'

/** Long enough to be watched, short enough to be waited for. */
const TTL_MS = 3000

export interface LabPages extends AsyncDisposable {
  readonly take: OwnPages
}

/** The part of an address that belongs to the lab. Its servers start when somebody looks at it for the first time. */
export function labPages(stage: LabOptions['stage'], ttlMs = TTL_MS): LabPages {
  let lab: Promise<Lab> | undefined
  const open = (): Promise<Lab> => {
    // One that could not be opened is tried again when somebody looks again.
    lab ??= Lab.open({ stage, ttlMs }).catch((error: unknown) => {
      lab = undefined
      throw error
    })
    return lab
  }
  const listener = getRequestListener(createLabApp(open).fetch)
  return {
    take(request, response) {
      if (!request.url?.startsWith(PREFIX)) return false
      void listener(request, response)
      return true
    },
    async [Symbol.asyncDispose]() {
      const opened = await lab?.catch(() => undefined)
      await opened?.[Symbol.asyncDispose]()
    },
  }
}
