import type { Check } from '../checks.ts'
import type { TestName } from './test-events.ts'
import { groupOf, type TestFile } from './test-files.ts'

/** What runs as a whole, and is remembered by how long it took: a check, or a file of tests. */
export interface Piece {
  readonly name: string
  /** What its line in the report is called. */
  readonly group: string
  /** Repeats it alone. */
  readonly again: string
}

export const checkPiece = ({ name }: Check): Piece => ({
  name: `check:${name}`,
  group: 'checks',
  again: `npx pnpm check:${name}`,
})

export const filePiece = (file: TestFile): Piece => ({
  name: file.path,
  group: groupOf(file),
  again: `npx pnpm check:tests ${file.path}`,
})

/** The command that repeats one test of a file. Vitest takes a pattern, and a shell reads it before. */
export const againAlone = (piece: Piece, test: TestName): string =>
  `${piece.again} -t '^${test
    .join(' ')
    .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll("'", "'\\''")}$'`
