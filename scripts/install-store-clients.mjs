// Installs the clients test/servers/embedded-clients.spec.ts runs against the embedded store, besides the product's own
// driver and mongoose (the newest majors): node scripts/install-store-clients.mjs FOLDER
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const CLIENTS = {
  previous: { mongodb: '6.22.0', mongoose: '8.24.10' },
  mongosh: { mongosh: '2.12.0' },
};

const folder = process.argv[2];
if (!folder) {
  console.error('usage: node scripts/install-store-clients.mjs FOLDER');
  process.exit(64);
}
for (const [name, packages] of Object.entries(CLIENTS)) {
  const prefix = join(folder, name);
  if (Object.keys(packages).every((each) => existsSync(join(prefix, 'node_modules', each, 'package.json')))) continue;
  mkdirSync(prefix, { recursive: true });
  const wanted = Object.entries(packages).map(([each, version]) => `${each}@${version}`);
  // mongosh and the drivers disagree about optional peers nobody needs here.
  const flags = ['--no-save', '--no-audit', '--no-fund', '--legacy-peer-deps', '--prefix', prefix];
  const isWindows = process.platform === 'win32';
  const { status } = spawnSync(isWindows ? 'npm.cmd' : 'npm', ['install', ...flags, ...wanted], {
    cwd: prefix, // never this repository's package.json
    shell: isWindows,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
}
