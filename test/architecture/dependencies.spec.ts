import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');

interface CruiseResult {
  summary: { violations: { rule: { name: string }; from: string; to: string }[]; totalCruised: number };
}

describe('import rules', () => {
  it('imports go down only, without cycles, and libraries stay behind their walls', () => {
    const cruiser = join(ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
    const args = [cruiser, '--config', 'test/architecture/dependency-rules.cjs', '--output-type', 'json', 'src'];
    const output = execFileSync(process.execPath, args, { cwd: ROOT, maxBuffer: 256 * 1024 * 1024, encoding: 'utf8' });
    const { summary } = JSON.parse(output) as CruiseResult;
    expect(summary.totalCruised).toBeGreaterThan(100);
    expect(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
  }, 60_000);
});
