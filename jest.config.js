// Nest 12, file-type's tree and eld are ES modules. Jest on Node 20 cannot require() them (that needs Node >= 24.9), so
// @swc/jest turns them, and our TypeScript, into CommonJS.
const ES_MODULES = [
  '@nestjs',
  'file-type',
  'strtok3',
  'token-types',
  '@tokenizer',
  '@borewit',
  'uint8array-extras',
  'load-esm',
  'eld',
];

const common = {
  testEnvironment: 'node',
  setupFiles: ['<rootDir>/test/support/jest-env.js'],
  moduleNameMapper: {
    // the exports of these two have no "require" condition
    '^file-type$': '<rootDir>/node_modules/file-type/index.js',
    '^eld/extrasmall$': '<rootDir>/node_modules/eld/src/entries/static.extrasmall.js',
    '^(\\.{1,2}/.*)\\.js$': '$1', // './x.js' in TypeScript means './x.ts'
  },
  transformIgnorePatterns: [`/node_modules/(?!(${ES_MODULES.join('|')})/)`],
  transform: {
    '^.+\\.[tj]s$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
};

/** One project per suite: `jest --selectProjects unit`. The suites that need real mail servers are run by CI only. */
const suite = (name, roots) => ({
  ...common,
  displayName: name,
  rootDir: __dirname,
  roots: roots.map((root) => `<rootDir>/${root}`),
  testRegex: '\\.spec\\.ts$',
});

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    suite('unit', ['src']),
    suite('architecture', ['test/architecture']),
    suite('medium', ['test/medium']),
    suite('api', ['test/api']),
    suite('flow', ['test/flow']),
    suite('fault', ['test/fault']),
    suite('servers', ['test/servers']),
  ],
  // Generous: CI runs on two shared cores, and a bound on time is asserted where it matters.
  testTimeout: 30_000,
  cacheDirectory: '<rootDir>/node_modules/.cache/jest',
  collectCoverageFrom: ['src/**/*.ts', '!src/main.ts', '!src/bin/**', '!src/**/*.spec.ts'],
  coverageProvider: 'v8',
  workerIdleMemoryLimit: '512MB',
};
