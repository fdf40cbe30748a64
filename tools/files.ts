import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const generated = /^(node_modules|dist([.].*)?|[.]git|[.]artifacts|coverage)$/

/** All files below a folder, sorted, without what is generated or installed. */
export function sourceFilesBelow(folder: string): string[] {
  return filesBelow(folder, (name) => !generated.test(name))
}

export function filesBelow(folder: string, enters: (folderName: string) => boolean = () => true): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return enters(entry.name) ? filesBelow(path, enters) : []
      return entry.isFile() ? [path] : []
    })
    .sort()
}
