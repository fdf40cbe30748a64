const said = new Set<string>()

/** Says once on stderr which server was taken. */
export function announced<T extends { readonly source: string }>(name: string, server: T): T {
  const line = `test-services: ${name} from ${server.source}`
  if (!said.has(line)) console.error(line)
  said.add(line)
  return server
}
