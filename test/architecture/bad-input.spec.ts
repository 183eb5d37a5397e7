import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
/** One proof in the last cell of a row: `file`: name of the test. */
const PROOF = /^`([^`]+)`: (.+)$/;

interface Row {
  input: string;
  proofs: string[];
}

function rowsOf(markdown: string): Row[] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (Input|-)/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, input = '', , proofs = '']) => ({ input, proofs: proofs.split('<br>') }));
}

describe('docs/bad-input.md', () => {
  const rows = rowsOf(readFileSync(join(ROOT, 'docs', 'bad-input.md'), 'utf8'));

  it('has a row for every input that the design names', () => {
    expect(rows.length).toBeGreaterThanOrEqual(27);
  });

  it.each(rows)('names tests that exist: $input', ({ proofs }) => {
    for (const proof of proofs) {
      const [, file, name] = PROOF.exec(proof) ?? [];
      if (!file || !name) throw new Error(`not a proof: ${proof}`);
      expect([file, existsSync(join(ROOT, file))]).toEqual([file, true]);
      const source = readFileSync(join(ROOT, file), 'utf8');
      const isNamed = ["'", '"', '`'].some((quote) => source.includes(`${quote}${name}${quote}`));
      expect([proof, isNamed]).toEqual([proof, true]);
    }
  });
});
