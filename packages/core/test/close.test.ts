import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

/** Runs to its end, or stops in the middle of an `await` that nothing keeps alive: then Node exits with code 13. */
const program = (source: string) => {
  const imports = `import { createLocks } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}
    import { memoryBackend } from ${JSON.stringify(new URL('../src/memory/index.ts', import.meta.url).href)}\n`
  const args = ['--import', 'tsx', '--input-type=module', '--eval', imports + source]
  return spawnSync(process.execPath, args, { encoding: 'utf8' })
}

describe('closing', () => {
  it('keeps the process alive until the backend is closed, and not any longer', () => {
    const { stdout, status } = program(`
      const close = () => new Promise((closed) => setTimeout(closed, 50).unref())
      const locks = createLocks({ ...memoryBackend(), close })
      await (await locks.named('a').acquire()).release()
      await locks.close()
      console.log('closed; timers:', process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length)
    `)
    expect(stdout).toBe('closed; timers: 0\n')
    expect(status).toBe(0)
  })
})
