import { defineConfig } from 'tsup'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    memory: 'src/memory/index.ts',
    conformance: 'src/conformance/index.ts',
  },
  format: ['esm', 'cjs'],
  target: 'node20',
  removeNodeProtocol: false,
  sourcemap: true,
  // One file for each entry: each more would take a process about a millisecond to load.
  splitting: false,
})
