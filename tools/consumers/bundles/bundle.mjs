// Bundles a program for each package, by each bundler, and runs what comes of it.

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import commonjs from '@rollup/plugin-commonjs'
import json from '@rollup/plugin-json'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { build } from 'esbuild'
import { rollup } from 'rollup'
import webpack from 'webpack'

const drivers = ['ioredis', 'iovalkey', 'redis', 'pg']
/** It reads a file that lies beside it, so it cannot come along: the one line that its README asks for. */
const apart = ['etcd3']

const esbuild = (format, external) => (entry, outfile) =>
  build({
    entryPoints: [entry],
    outfile,
    format,
    external,
    bundle: true,
    minify: true,
    platform: 'node',
    logLevel: 'error',
  })

const byRollup = async (input, file) => {
  const plugins = [nodeResolve({ exportConditions: ['node'], preferBuiltins: true }), commonjs(), json()]
  const bundle = await rollup({ input, plugins, external: apart, logLevel: 'silent' })
  await bundle.write({ file, format: 'es', inlineDynamicImports: true })
}

const byWebpack = async (entry, file) => {
  const compiler = webpack({
    entry: `./${entry}`,
    mode: 'production',
    target: 'node20',
    output: { path: process.cwd(), filename: file },
    externals: Object.fromEntries(apart.map((name) => [name, `commonjs ${name}`])),
  })
  const stats = await promisify(compiler.run.bind(compiler))()
  await promisify(compiler.close.bind(compiler))()
  if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }))
}

/** Where drivers are CommonJS, esbuild makes no ES module of them that Node can run: they stay outside. */
const bundlers = [
  ['esbuild, CommonJS', 'cjs', esbuild('cjs', apart)],
  ['esbuild, ES module', 'mjs', esbuild('esm', [...drivers, ...apart])],
  ['rollup', 'mjs', byRollup],
  ['webpack', 'cjs', byWebpack],
]

const failures = []
let ran = 0
for (const program of ['core', 'redis', 'postgres', 'etcd']) {
  const entry = `${program}.main.js`
  writeFileSync(entry, `import { main } from './${program}.js'\nvoid main().then(() => console.log('done'))\n`)
  for (const [index, [name, extension, bundle]] of bundlers.entries()) {
    const file = `bundled-${program}-${index}.${extension}`
    try {
      await bundle(entry, file)
      const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 60_000 })
      // A program that waits for what nothing keeps alive ends without a word.
      if (status !== 0 || stdout !== 'done\n') throw new Error(`${stdout}${stderr}`)
      ran += 1
    } catch (error) {
      failures.push(`${program} by ${name}: ${error instanceof Error ? error.message : error}`)
    }
  }
}
for (const failure of failures) console.error(failure)
console.log(`${ran} bundles run`)
if (failures.length > 0 || ran < 4 * bundlers.length) process.exit(1)
