import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const SCRIPT = resolve(__dirname, '../../scripts/install-store-clients.mjs');

/**
 * Folder with the clients of `scripts/install-store-clients.mjs`: STORE_CLIENTS (CI installs them once and caches the
 * folder), or a new one that is installed now. Throws when that fails: a client that was not tested is a failure.
 */
export function storeClients(): string {
  const folder = process.env.STORE_CLIENTS ?? mkdtempSync(join(tmpdir(), 'store-clients-'));
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT, folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the clients could not be installed: ${stderr}`);
  return folder;
}

/** A package of one of the folders inside `storeClients()`. */
export function loadClient<T>(folder: string, set: string, name: string): T {
  return createRequire(join(folder, set, 'package.json'))(name) as T;
}

/** Runs a script in mongosh and returns what it printed. Throws with its output when the shell fails. */
export async function runMongosh(folder: string, uri: string, script: string): Promise<string> {
  const main = join(folder, 'mongosh', 'node_modules', 'mongosh', 'bin', 'mongosh.js');
  const home = mkdtempSync(join(tmpdir(), 'mongosh-home-'));
  const child = spawn(process.execPath, [main, uri, '--quiet', '--norc', '--eval', script], {
    env: { ...process.env, HOME: home, USERPROFILE: home, APPDATA: home, LOCALAPPDATA: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const code = await new Promise<number | null>((done) => child.once('close', done));
  if (code !== 0) throw new Error(`mongosh ended with ${code}: ${errors}${output}`);
  return output;
}
