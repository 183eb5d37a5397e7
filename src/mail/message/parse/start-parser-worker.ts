import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Only where the TypeScript sources run uncompiled (Jest): transpiles the worker and what it imports on the fly, with a
 * development dependency. In `dist` the compiled file is there and this is not used.
 */
const TRANSPILING_BOOTSTRAP = `
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { workerData: file } = require('node:worker_threads');
const load = Module.createRequire(file);
const { transformSync } = load('@swc/core');
const options = {
  swcrc: false,
  jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
};
const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  const isOurs = /^\\.{1,2}\\/.*\\.js$/.test(request) && rest[0]?.filename?.endsWith('.ts');
  return resolve.call(this, isOurs ? request.slice(0, -2) + 'ts' : request, ...rest);
};
Module._extensions['.ts'] = (module, name) =>
  module._compile(transformSync(readFileSync(name, 'utf8'), { ...options, filename: name }).code, name);
load(file);
`;

/** Starts the parser in a thread of its own, whose heap is bounded: what crashes or fills it does not reach this process. */
export function startParserWorker(resourceLimits: WorkerOptions['resourceLimits']): Worker {
  const compiled = join(__dirname, 'parser.worker.js');
  if (existsSync(compiled)) return new Worker(compiled, { resourceLimits });
  const workerData = join(__dirname, 'parser.worker.ts');
  return new Worker(TRANSPILING_BOOTSTRAP, { eval: true, workerData, resourceLimits });
}
