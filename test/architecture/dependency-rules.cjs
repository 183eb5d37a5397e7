// Who may import whom, as data: imports go down only (docs/architecture.md, "Modules"). Type-only imports count.
// A module may import itself and what its row names; main, bin/ and app.* (the composition root) may import everything.
const platform = ['common', 'config', 'database', 'jobs', 'auth', 'settings', 'llm'];
const capabilities = ['classification', 'knowledge', 'reply'];

const mayImport = {
  common: [],
  'embedded-mongo': [],
  config: ['common'],
  database: ['common', 'config'],
  jobs: ['common', 'config', 'database'],
  auth: ['common', 'config', 'database'],
  settings: ['common', 'config', 'database', 'auth'],
  llm: ['common', 'config', 'database'],
  mail: platform,
  classification: [...platform, 'mail'],
  knowledge: [...platform, 'mail'],
  reply: [...platform, 'mail'],
  workflow: [...platform, 'mail', ...capabilities],
  training: [...platform, 'mail', ...capabilities],
  metrics: [...platform, 'mail', ...capabilities],
  sample: [...platform, 'mail', 'knowledge'],
  health: [...platform, 'mail', ...capabilities],
};

const layers = Object.entries(mayImport).map(([name, allowed]) => ({
  name: `${name}-imports-only-down`,
  severity: 'error',
  from: { path: `^src/${name}/` },
  to: { path: '^src/', pathNot: `^src/(${[name, ...allowed].join('|')})/` },
}));

/** Only the named places may import the library: everyone else goes through them. */
const wall = (name, library, places) => ({
  name,
  severity: 'error',
  from: { path: '^src/', pathNot: [...places, '\\.spec\\.ts$'] },
  to: { path: `node_modules/(${library})(/|$)` },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'known-modules-only',
      comment: 'A new top-level module needs a row in this file.',
      severity: 'error',
      from: {},
      to: { path: '^src/[^/]+/', pathNot: `^src/(bin|${Object.keys(mayImport).join('|')})/` },
    },
    ...layers,
    wall('mongoose-in-repositories-only', 'mongoose|mongodb|@nestjs/mongoose', [
      '\\.schema\\.ts$',
      '\\.repository\\.ts$',
      '\\.module\\.ts$',
      '^src/database/',
    ]),
    wall('models-through-llm-only', '@langchain/[^/]+|openai', ['^src/llm/', '\\.prompt\\.ts$']),
    wall('mail-libraries-in-mail-only', 'imapflow|mailparser|nodemailer|smtp-server|sanitize-html|html-to-text', [
      '^src/mail/',
    ]),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
