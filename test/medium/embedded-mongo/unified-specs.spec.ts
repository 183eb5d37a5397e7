import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EJSON } from 'bson';
import { startServer } from '../../../src/embedded-mongo/server.js';
import { sharedData } from '../../support/shared-data.js';
import { DRIVER_DIFFERS, REFUSED } from './support/unified/refused.js';
import { reasonToSkip } from './support/unified/requirements.js';
import { runCase } from './support/unified/run-suite.js';
import type { UnifiedSuite } from './support/unified/types.js';

/** Order: what waits longest first. */
const AREAS = [
  'retryable-writes', 'transactions', 'retryable-reads', 'crud', 'collection-management', 'index-management', 'sessions', 'transactions-convenient-api',
  'change-streams', 'gridfs', 'run-command', 'read-write-concern', 'versioned-api',
  'causal-consistency',
]; // prettier-ignore
const ONLY = process.env.EMBEDDED_MONGO_SPECS;
/** Issue 3: of the cases that need none of the refused features. */
const REQUIRED_RATE = 0.95;

/** Areas under way at a time, each with a server of its own: fail points concern a whole server, and many cases wait. */
const PARALLEL = 5;

interface Case {
  file: string;
  suite: UnifiedSuite;
  test: UnifiedSuite['tests'][number];
}

interface AreaResult {
  area: string;
  passed: number;
  skipped: number;
  /** Need what the store refuses, or what the driver does not do. */
  excluded: number;
  failures: string[];
}

function loadCases(data: string, area: string): Case[] {
  const cases: Case[] = [];
  for (const entry of readdirSync(join(data, area), { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith('.json')) continue;
    const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    const suite = EJSON.parse(text, { relaxed: true }) as unknown as UnifiedSuite;
    if (!suite.schemaVersion) continue; // not in the unified format
    for (const test of suite.tests) cases.push({ file: entry.name, suite, test });
  }
  return cases.filter(({ file }) => !ONLY || `${area}/${file}`.includes(ONLY));
}

async function runArea(data: string, area: string): Promise<AreaResult> {
  const result: AreaResult = { area, passed: 0, skipped: 0, excluded: 0, failures: [] };
  const cases = loadCases(data, area);
  if (cases.length === 0) return result;
  const dir = mkdtempSync(join(tmpdir(), 'embedded-mongo-specs-'));
  const server = await startServer({ dir, port: 0, testCommands: true });
  for (const { file, suite, test } of cases) {
    const name = `${area}/${file}: ${test.description}`;
    if (reasonToSkip(suite, test)) result.skipped++;
    else if ([...REFUSED, ...DRIVER_DIFFERS].some(({ pattern }) => pattern.test(name))) result.excluded++;
    else {
      const error = await outcomeOf(server.uri, suite, test);
      if (error === null) result.passed++;
      else result.failures.push(`${name}\n    ${error}`);
    }
  }
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
  return result;
}

async function runAreas(data: string): Promise<AreaResult[]> {
  const results: AreaResult[] = [];
  const waiting = [...AREAS];
  const work = async (): Promise<void> => {
    for (let area = waiting.shift(); area; area = waiting.shift()) results.push(await runArea(data, area));
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return results;
}

const data = sharedData('mongodb-specifications');

(data ? describe : describe.skip)('unified tests of the MongoDB driver specifications', () => {
  it(
    'at least 95 % of the cases pass',
    async () => {
      const results = await runAreas(data as string);
      const passed = results.reduce((sum, result) => sum + result.passed, 0);
      const failures = results.flatMap((result) => result.failures);
      const lines = results.map(
        ({ area, passed: good, failures: bad, excluded, skipped }) =>
          `${area}: ${good} passed, ${bad.length} failed, ${excluded} excluded, ${skipped} for other servers`,
      );
      process.stdout.write(`${[...lines, ...failures].join('\n')}\n`);
      expect(passed / (passed + failures.length)).toBeGreaterThanOrEqual(ONLY ? 0 : REQUIRED_RATE);
    },
    20 * 60_000,
  );
});

async function outcomeOf(
  uri: string,
  suite: UnifiedSuite,
  test: UnifiedSuite['tests'][number],
): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('timed out after 30 s'), 30_000);
  });
  try {
    return await Promise.race([runCase(uri, suite, test).then(() => null), timeout]);
  } catch (error) {
    return (error as Error).message;
  } finally {
    clearTimeout(timer);
  }
}
