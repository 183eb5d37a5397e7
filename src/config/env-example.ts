import { z } from 'zod';
import { envSchema } from './env.schema.js';

interface JsonSchema {
  properties: Record<string, { description?: string; default?: unknown; enum?: unknown[] }>;
}

const toText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

/**
 * The text of `.env.example`, made from the schema: every variable with its description and default, commented out.
 * `npm run env-example` writes it; test/architecture fails when the file differs.
 */
export function envExample(): string {
  const { properties } = z.toJSONSchema(envSchema, { io: 'input', unrepresentable: 'any' }) as unknown as JsonSchema;
  const lines = [
    '# Every variable of Mailwright with its default. Nothing is needed for a first try on one machine.',
    '# Any of them can be given as NAME_FILE=/path instead (container secrets). Made by `npm run env-example`.',
    '',
  ];
  for (const [name, property] of Object.entries(properties)) {
    const choices = property.enum && !property.enum.includes('0') ? ` [${property.enum.join(' | ')}]` : '';
    lines.push(`# ${property.description ?? ''}${choices}`, `#${name}=${toText(property.default)}`, '');
  }
  return lines.join('\n');
}
