import { StandardSchemaValidationPipe } from '@nestjs/common';
import { invalidInput } from '../errors.js';

/** More problems than this are counted, not listed. */
const MAX_LISTED = 10;

interface Issue {
  message: string;
  path?: readonly unknown[];
}

const segment = (part: unknown): string =>
  typeof part === 'object' && part !== null && 'key' in part ? String(part.key) : String(part);

/** One line that names each field that is wrong: `limit: Too big: expected number to be <=100`. */
function describe(issues: readonly Issue[]): string {
  const lines = issues.slice(0, MAX_LISTED).map((issue) => {
    const path = (issue.path ?? []).map(segment).join('.');
    return path ? `${path}: ${issue.message}` : issue.message;
  });
  if (issues.length > MAX_LISTED) lines.push(`and ${issues.length - MAX_LISTED} more`);
  return lines.join('; ');
}

/** The global pipe: checks `@Body/@Query/@Param({ schema })`, answers 400 with every field that is wrong. */
export const validationPipe = (): StandardSchemaValidationPipe =>
  new StandardSchemaValidationPipe({ exceptionFactory: (issues) => invalidInput(describe(issues)) });
