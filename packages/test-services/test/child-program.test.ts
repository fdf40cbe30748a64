import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ChildProgram, compiled, until } from '../src/index.ts'

const echoes = { path: await compiled(fileURLToPath(new URL('echoes.ts', import.meta.url))), execArgv: [] }

function startListening(): { child: ChildProgram; heard: unknown[] } {
  const child = new ChildProgram(echoes)
  const heard: unknown[] = []
  child.onMessage((message) => heard.push(message))
  return { child, heard }
}

test('a frozen program answers when it is thawed', async () => {
  const { child, heard } = startListening()
  await using running = child
  running.send({ number: 1 })
  await until('the first answer', () => heard.length === 1)
  running.freeze()
  running.send({ number: 2 })
  const other = startListening()
  await using alsoRunning = other.child
  alsoRunning.send({ number: 3 })
  await until('an answer of another program', () => other.heard.length === 1)
  expect(heard).toEqual([{ number: 1 }])
  running.thaw()
  await until('the second answer', () => heard.length === 2)
  expect(heard[1]).toEqual({ number: 2 })
})

test('a program does nothing more once it is frozen', async () => {
  const { child, heard } = startListening()
  await using running = child
  for (let number = 0; number < 100; number += 1) {
    running.freeze()
    running.send({ number })
    const before = heard.length
    await new Promise((resolve) => setImmediate(resolve))
    expect(heard).toHaveLength(before)
    running.thaw()
    await until('the answer', () => heard.length === number + 1)
  }
})

test('a frozen program can be killed', async () => {
  const { child, heard } = startListening()
  child.freeze()
  child.send({ number: 1 })
  const exited = child.exited.then(() => 'exited')
  await child.kill()
  expect(await exited).toBe('exited')
  expect(heard).toEqual([])
})
