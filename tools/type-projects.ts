import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { root } from './workspace.ts'

/** A `tsconfig.json`. */
export interface Project {
  readonly file: string
  readonly files: readonly string[]
  /** The same for projects that compile alike. */
  readonly settings: string
  /** What is wrong with the file itself. */
  readonly errors: readonly string[]
}

export function projectOf(file: string): Project {
  const { config = {}, error } = ts.readConfigFile(file, ts.sys.readFile)
  const { fileNames, options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, dirname(file), undefined, file)
  const { configFilePath: _, ...settings } = options
  return {
    file,
    files: fileNames,
    settings: JSON.stringify(settings),
    errors: [...(error === undefined ? [] : [error]), ...errors].map(
      ({ messageText }) => `${file}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    ),
  }
}

/**
 * Gives `work` one project for all those of the same settings: what they all import is read and checked once. A type that one of them declares for
 * everybody would be there for the others, too; that is found where each is checked by itself.
 */
export async function joined<T>(projects: readonly Project[], work: (projects: Project[]) => Promise<T>): Promise<T> {
  // Inside node_modules, so that Node's types are found from there.
  const folder = join(root, 'node_modules', '.cache', 'leasehold', `projects-${process.pid}`)
  const groups = [...new Set(projects.map(({ settings }) => settings))].map((settings) =>
    projects.filter((project) => project.settings === settings),
  )
  try {
    return await work(groups.map((group, index) => together(group, join(folder, String(index)))))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function together([first, ...others]: readonly Project[], folder: string): Project {
  if (first === undefined) throw new Error('a group has a project')
  if (others.length === 0) return first
  const file = join(folder, 'tsconfig.json')
  const files = [first, ...others].flatMap((project) => project.files)
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, JSON.stringify({ extends: first.file, include: [], files }))
  return { ...first, file, files }
}
