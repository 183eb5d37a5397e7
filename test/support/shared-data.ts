import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Folder of public development data beside the checkout (`../shared/data/<name>`), or null where it is absent. */
export function sharedData(name: string): string | null {
  const folder = join(__dirname, '..', '..', '..', 'shared', 'data', name);
  return existsSync(folder) ? folder : null;
}
