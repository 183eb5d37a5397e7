// Runs the suites that work in this process with coverage, and fails when one of the folders that carry the promises of the
// product (no mail lost, no reply twice, nobody gets in) has fewer than 90 % of its lines covered.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const FOLDERS = ['src/workflow', 'src/mail/delivery', 'src/auth'];
const MIN_PERCENT = 90;
/** Suites that reach these folders within this process; what a spawned process runs is not measured. */
const SUITES = [
  ...FOLDERS.map((folder) => `${folder}/`),
  ...['test/api/', 'test/medium/(auth|outbox|reply|workflow)', 'test/flow/(review|loops|training)'],
];

const report = mkdtempSync(join(tmpdir(), 'mailwright-coverage-'));
try {
  const jest = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  const { status } = spawnSync(
    process.execPath,
    [
      ...[jest, '--selectProjects', 'unit', 'medium', 'api', 'flow', '--coverage', '--coverageDirectory', report],
      ...['--coverageReporters', 'json-summary', '--testPathPatterns', ...SUITES],
      ...FOLDERS.flatMap((folder) => ['--collectCoverageFrom', `${folder}/**/*.ts`]),
      ...['--collectCoverageFrom', '!**/*.spec.ts', ...process.argv.slice(2)],
    ],
    { cwd: ROOT, stdio: 'inherit' },
  );
  const summary = JSON.parse(readFileSync(join(report, 'coverage-summary.json'), 'utf8'));
  const isEnough = FOLDERS.map((folder) => tell(folder, summary)).every(Boolean);
  process.exitCode = status === 0 && isEnough ? 0 : 1;
} finally {
  rmSync(report, { recursive: true, force: true });
}

/** Prints the share of covered lines of a folder, and its files from the least covered on when that is too little. */
function tell(folder, summary) {
  const files = Object.entries(summary)
    .map(([file, { lines }]) => ({ file: relative(ROOT, file).split(sep).join('/'), ...lines }))
    .filter(({ file, total }) => file.startsWith(`${folder}/`) && total > 0);
  const total = files.reduce((sum, file) => sum + file.total, 0);
  const covered = files.reduce((sum, file) => sum + file.covered, 0);
  const percent = total === 0 ? 0 : (100 * covered) / total;
  console.log(`${folder}: ${percent.toFixed(1)} % of ${total} lines`);
  if (percent >= MIN_PERCENT) return true;
  console.log(`  below ${MIN_PERCENT} %:`);
  for (const { file, pct } of files.filter(({ pct }) => pct < MIN_PERCENT).sort((a, b) => a.pct - b.pct)) {
    console.log(`  ${file} ${pct} %`);
  }
  return false;
}
