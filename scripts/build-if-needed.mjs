// `npm ci && npm start` must work on a fresh clone: build when dist/ is missing or older than the newest source file.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const BUILT = join(ROOT, 'dist', 'main.js');

function newestChange(folder) {
  return Math.max(
    0,
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );
}

const builtAt = statSync(BUILT, { throwIfNoEntry: false })?.mtimeMs ?? 0;
// An image ships dist/ without src/: there is nothing to build from.
const hasSource = statSync(join(ROOT, 'src'), { throwIfNoEntry: false }) !== undefined;
if (hasSource && builtAt < newestChange(join(ROOT, 'src'))) {
  console.log('Building (once; later starts skip this) ...');
  const nest = join(ROOT, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const { status } = spawnSync(process.execPath, [nest, 'build'], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
