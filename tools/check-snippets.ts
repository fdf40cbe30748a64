// Every TypeScript block of the Markdown files stands, line for line, in a file that is type-checked: docs/snippets or the example.

import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { sourceFilesBelow } from './files.ts'
import { root } from './workspace.ts'

const trimmed = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n')

const read = (file: string): string => readFileSync(file, 'utf8')
const name = (path: string): string => relative(root, path)

const files = sourceFilesBelow(root)
const sources = files.filter((file) => /\.m?ts$/.test(file)).map((file) => `\n${trimmed(read(file))}\n`)
const blocks = files
  .filter((file) => file.endsWith('.md') && !file.endsWith('.api.md'))
  .flatMap((file) =>
    [...read(file).matchAll(/^```(?:ts|typescript)\n(.*?)^```/gms)].map(([, code = '']) => ({ file, code })),
  )

const strays = blocks.filter(({ code }) => !sources.some((source) => source.includes(`\n${trimmed(code)}\n`)))
for (const { file, code } of strays)
  console.error(`${name(file)}: this block is in no file that is type-checked:\n${code}`)
if (strays.length > 0) process.exit(1)
console.log(`${blocks.length} blocks`)
