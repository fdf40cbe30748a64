import { relative } from 'node:path'
import ts from 'typescript'
import { root } from './workspace.ts'

/** What a caller fills in. `TestOptions` go the other way, to a test runner, which may be as exact. */
const FILLED_IN = /(?<!^Test)(Options|Target)$/

/**
 * Optional properties that refuse `undefined` where a project has set `exactOptionalPropertyTypes`: `{ waitMs: config.waitMs }` would not compile there. All of
 * them default to what is left out.
 */
export function propertiesThatRefuseUndefined(program: ts.Program, folder: string): string[] {
  const files = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(`${folder}/`))
  return files.flatMap((file) => optionalProperties(file).filter(refusesUndefined).map(told))
}

function optionalProperties(node: ts.Node): ts.PropertySignature[] {
  const own = ts.isPropertySignature(node) && node.questionToken !== undefined && isFilledIn(node.parent) ? [node] : []
  const below: ts.PropertySignature[] = []
  ts.forEachChild(node, (child) => void below.push(...optionalProperties(child)))
  return [...own, ...below]
}

const isFilledIn = (parent: ts.Node): boolean =>
  ts.isInterfaceDeclaration(parent) ? FILLED_IN.test(parent.name.text) : ts.isParameter(parent.parent)

const acceptsIt: readonly ts.SyntaxKind[] = [
  ts.SyntaxKind.UndefinedKeyword,
  ts.SyntaxKind.UnknownKeyword,
  ts.SyntaxKind.AnyKeyword,
]

function refusesUndefined({ type }: ts.PropertySignature): boolean {
  if (type === undefined) return false
  const members = ts.isUnionTypeNode(type) ? [...type.types] : [type]
  return !members.some(({ kind }) => acceptsIt.includes(kind))
}

function told(property: ts.PropertySignature): string {
  const { parent } = property
  const owner = ts.isInterfaceDeclaration(parent) ? parent.name.text : 'an argument'
  return `${relative(root, property.getSourceFile().fileName)}: ${property.name.getText()} of ${owner} refuses undefined`
}
