import { dirname, join } from 'node:path'
import ts from 'typescript'
import type { Entry } from './entries.ts'

const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed })

const compilerOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node'],
}

const byName = (one: readonly [string, unknown], other: readonly [string, unknown]): number =>
  one[0] < other[0] ? -1 : 1

/** One for all packages: most of the work is to read the types of the language and of Node. */
export const programOf = (entries: readonly Entry[]): ts.Program =>
  ts.createProgram(
    entries.map((entry) => entry.types),
    compilerOptions,
  )

/**
 * What the emitted types of one package promise, a report for each entry: every exported declaration, then those
 * that they mention and no entry exports. Without comments.
 */
export function apiReports(program: ts.Program, packageName: string, entries: readonly Entry[]): Map<Entry, string> {
  const exported = new Map(entries.map((entry) => [entry, exportsOf(program, entry.types)]))
  const exportedAnywhere = [...exported.values()].flatMap((symbols) => [...symbols.values()])
  return new Map(
    [...exported].map(([entry, symbols]) => {
      const reachable = new Reachable(program.getTypeChecker(), dirname(entry.types)).from([...symbols.values()])
      const mentioned = reachable.filter((symbol) => !exportedAnywhere.includes(symbol))
      return [entry, reportText(join(packageName, entry.subpath), symbols, mentioned)]
    }),
  )
}

const reportText = (title: string, exported: Map<string, ts.Symbol>, mentioned: readonly ts.Symbol[]): string =>
  [
    `# ${title}`,
    section('Exported', [...exported]),
    section(
      'Mentioned, not exported',
      mentioned.map((symbol) => [symbol.name, symbol]),
    ),
  ]
    .filter((text) => text !== '')
    .join('\n\n')
    .concat('\n')

function exportsOf(program: ts.Program, typesFile: string): Map<string, ts.Symbol> {
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(typesFile)
  if (source === undefined) throw new Error(`not built: ${typesFile}`)
  const module = checker.getSymbolAtLocation(source)
  const symbols = module === undefined ? [] : checker.getExportsOfModule(module)
  return new Map(symbols.map((symbol) => [labelOf(checker, symbol), unaliased(checker, symbol)]))
}

/** A class exported as a type alone cannot be constructed: that is part of what is promised. */
function labelOf(checker: ts.TypeChecker, symbol: ts.Symbol): string {
  const isValue = (unaliased(checker, symbol).flags & ts.SymbolFlags.Value) !== 0
  const typeOnly = symbol.declarations?.some(ts.isTypeOnlyExportDeclaration) === true
  return isValue && typeOnly ? `${symbol.name} (as a type only)` : symbol.name
}

const unaliased = (checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol

const statementsOf = (symbol: ts.Symbol): ts.Node[] =>
  (symbol.declarations ?? []).map((declaration) =>
    ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration,
  )

const isTopLevel = (node: ts.Node): boolean => ts.isSourceFile(node.parent)

/** Finds the declarations of the package itself that are needed to read others. */
class Reachable {
  readonly #checker: ts.TypeChecker
  readonly #folder: string
  readonly #seen = new Set<ts.Symbol>()

  constructor(checker: ts.TypeChecker, folder: string) {
    this.#checker = checker
    this.#folder = folder
  }

  from(symbols: readonly ts.Symbol[]): ts.Symbol[] {
    for (const symbol of symbols) this.#seen.add(symbol)
    for (const symbol of symbols) for (const node of statementsOf(symbol)) this.#visit(node)
    return [...this.#seen].filter((symbol) => !symbols.includes(symbol))
  }

  #visit(node: ts.Node): void {
    if (ts.isIdentifier(node)) this.#follow(node)
    ts.forEachChild(node, (child) => this.#visit(child))
  }

  #follow(identifier: ts.Identifier): void {
    const found = this.#checker.getSymbolAtLocation(identifier)
    if (found === undefined) return
    const symbol = unaliased(this.#checker, found)
    const nodes = statementsOf(symbol).filter((node) => isTopLevel(node) && this.#isOwn(node))
    if (nodes.length === 0 || this.#seen.has(symbol)) return
    this.#seen.add(symbol)
    for (const node of nodes) this.#visit(node)
  }

  #isOwn(node: ts.Node): boolean {
    return node.getSourceFile().fileName.startsWith(`${this.#folder}/`)
  }
}

function section(heading: string, symbols: readonly (readonly [string, ts.Symbol])[]): string {
  if (symbols.length === 0) return ''
  const sorted = [...symbols].sort(byName)
  return [`## ${heading}`, ...sorted.map(([label, symbol]) => declarationOf(label, symbol))].join('\n\n')
}

function declarationOf(label: string, symbol: ts.Symbol): string {
  const texts = statementsOf(symbol).map((node) =>
    printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile()),
  )
  return [`### ${label}`, '', '```ts', ...texts, '```'].join('\n')
}
