import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { envExample } from '../../src/config/env-example';
import { envSchema } from '../../src/config/env.schema';

describe('.env.example', () => {
  it('is what the schema says; `npm run env-example` writes it anew', () => {
    expect(readFileSync(join(__dirname, '..', '..', '.env.example'), 'utf8')).toBe(envExample());
  });

  it('describes every variable', () => {
    const silent = Object.entries(envSchema.shape).filter(([, schema]) => !schema.description);
    expect(silent.map(([name]) => name)).toEqual([]);
  });
});
