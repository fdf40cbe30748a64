import { defineConfig } from 'tsup'

export default defineConfig({
  entry: { index: 'src/index.ts', etcd3: 'src/etcd3.ts' },
  format: ['esm', 'cjs'],
  target: 'node20',
  removeNodeProtocol: false,
  sourcemap: true,
})
