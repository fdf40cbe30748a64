import { defineConfig } from 'tsup'

export default defineConfig([
  {
    entry: { index: 'src/index.ts' },
    format: ['esm', 'cjs'],
    target: 'node20',
    removeNodeProtocol: false,
    sourcemap: true,
    esbuildOptions(options, { format }) {
      // What runs CommonJS in a place of its own, as test runners do, has `require` there, and no `import()`.
      if (format === 'cjs') options.supported = { ...options.supported, 'dynamic-import': false }
    },
  },
  { entry: { cli: 'src/cli.ts' }, format: ['esm'], target: 'node20', removeNodeProtocol: false },
])
