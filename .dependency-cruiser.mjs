/**
 * The arrows between the parts of this repository point one way.
 *
 * @type {import('dependency-cruiser').IConfiguration}
 */
export default {
  forbidden: [
    {
      name: 'core-stands-alone',
      comment: 'Core imports nothing outside the language and Node.',
      severity: 'error',
      from: { path: '^packages/core/src/', pathNot: '[.]test[.]ts$' },
      to: { pathNot: '^packages/core/src/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'engine-knows-no-backend',
      comment: 'The engine reaches backends through the contract only; nothing in it depends on the suite.',
      severity: 'error',
      from: { path: '^packages/core/src/', pathNot: '^packages/core/src/(memory|conformance)/' },
      to: { path: '^packages/core/src/(memory|conformance)/' },
    },
    {
      name: 'contract-knows-no-engine',
      comment: 'The contract, the API, time, errors and events stand by themselves: one reads them without the engine.',
      severity: 'error',
      from: { path: '^packages/core/src/[^/]+$', pathNot: '^packages/core/src/index[.]ts$' },
      to: { path: '^packages/core/src/engine/' },
    },
    {
      name: 'memory-is-a-backend',
      comment: 'The memory backend sees what any backend sees: the contract, time and errors.',
      severity: 'error',
      from: { path: '^packages/core/src/memory/', pathNot: '[.]test[.]ts$' },
      to: {
        path: '^packages/core/src/',
        pathNot: '^packages/core/src/(memory/|(attachment|contract|clock|scheduler|errors)[.]ts$)',
      },
    },
    {
      name: 'suite-knows-the-contract',
      comment: 'The conformance suite sees the contract and the public API, never the insides of the engine.',
      severity: 'error',
      from: { path: '^packages/core/src/conformance/', pathNot: '[.]test[.]ts$' },
      to: {
        path: '^packages/core/src/',
        pathNot:
          '^packages/core/src/(conformance/|(index|api|attachment|contract|clock|errors|events|fence-guard)[.]ts$)',
      },
    },
    {
      name: 'no-backend-imports-another',
      comment: 'A backend imports core and its own driver.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/', pathNot: '^packages/(core|verification|test-services)/' },
      to: { path: '^packages/', pathNot: '^packages/($1|core)/' },
    },
    {
      name: 'public-entry-points-only',
      comment:
        'Whoever is outside of a package sees what it exports: its build, by its name. The test services export their source.',
      severity: 'error',
      from: { path: '^(packages|examples)/([^/]+)/|^(bench|docs|tools)/' },
      to: {
        path: '^packages/',
        pathNot: ['^packages/[^/]+/dist/', '^$1/$2/', '^packages/test-services/src/index[.]ts$'],
      },
    },
    {
      name: 'by-name-not-by-path',
      comment: 'A relative path into the build of another package would not work for a user.',
      severity: 'error',
      from: { path: '^(packages|examples)/([^/]+)/|^(bench|docs|tools)/' },
      to: { path: '^packages/[^/]+/dist/', dependencyTypes: ['local'] },
    },
    {
      name: 'nobody-imports-an-example',
      severity: 'error',
      from: { pathNot: '^examples/' },
      to: { path: '^examples/' },
    },
    {
      name: 'no-cycle',
      comment:
        'Two files that need each other are one concept, or a third one is missing. Types count: see docs/adr/0017.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-undeclared-dependency',
      comment: 'What is imported stands in the package.json next to it.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^packages/[^/]+/dist/'] },
    exclude: { path: ['^tools/consumers/', '^(packages|examples)/[^/]+/(dist|api)/.*[.]map$'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    combinedDependencies: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
}
