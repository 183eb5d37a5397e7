import { parseArgs } from 'node:util';

export interface CommandLine {
  dir: string;
  port: number;
  host: string;
  credentialsFile?: string;
  testCommands: boolean;
  parentWatch: boolean;
  /** Copy the data of `dir` here and exit; a server may be running on it. */
  backup?: string;
}

/** A wrong flag. The message is one line for the operator. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE =
  'usage: embedded-mongo --dir DIR --port PORT [--host 127.0.0.1] [--credentials-file FILE] [--test-commands] [--parent-watch]\n' +
  '       embedded-mongo --dir DIR --backup TARGET (also while a server runs on DIR)';

/** @throws UsageError */
export function parseCommandLine(args: string[]): CommandLine {
  const { values } = parse(args);
  if (!values.dir) throw new UsageError('--dir is required');
  if (!values.backup && values.port === undefined) throw new UsageError('--port is required (0 takes any free port)');
  const port = Number(values.port ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new UsageError(`--port ${values.port} is not a port`);
  return {
    dir: values.dir,
    port,
    host: values.host ?? '127.0.0.1',
    credentialsFile: values['credentials-file'],
    testCommands: values['test-commands'] ?? false,
    parentWatch: values['parent-watch'] ?? false,
    backup: values.backup,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        dir: { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        'credentials-file': { type: 'string' },
        'test-commands': { type: 'boolean' },
        'parent-watch': { type: 'boolean' },
        backup: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
