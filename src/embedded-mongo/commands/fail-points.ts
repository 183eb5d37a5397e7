import { type Document, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { toBoolean, toInteger } from '../storage/integers.js';

/** What an armed fail point does to one command. */
export interface FailAction {
  errorCode?: number;
  errorLabels?: string[];
  closeConnection: boolean;
  blockMs: number;
  writeConcernError?: Document;
}

interface FailPoint {
  /** Commands still let through before it acts. */
  skip: number;
  /** How often it acts; Infinity for `alwaysOn`. */
  times: number;
  data: Document;
}

/** Other fail points MongoDB's driver tests set; they are accepted and do nothing here. */
const IGNORED = new Set(['onPrimaryTransactionalWrite', 'failGetMoreAfterCursorCheckout']);

/**
 * `failCommand` of MongoDB's servers, as the driver specifications use it: commands fail on purpose, by code, by a
 * closed connection or after a delay. Only with `--test-commands`.
 */
export class FailPoints {
  private failCommand: FailPoint | null = null;

  configure(name: string, mode: unknown, data: Document): Document {
    if (name !== 'failCommand') {
      if (IGNORED.has(name)) return { ok: 1 };
      throw new MongoError(192, `'${name}' fail point not found`);
    }
    this.failCommand = parseMode(mode, data);
    return { count: 0, ok: 1 };
  }

  /** Takes one shot at a command; null when it may run undisturbed. */
  shoot(command: string, appName: string | undefined): FailAction | null {
    const point = this.failCommand;
    if (!point) return null;
    const { failCommands, appName: onlyApp } = point.data;
    if (!Array.isArray(failCommands) || !failCommands.includes(command)) return null;
    if (onlyApp !== undefined && onlyApp !== appName) return null;
    if (point.skip > 0) {
      point.skip--;
      return null;
    }
    if (--point.times <= 0) this.failCommand = null;
    return actionOf(point.data);
  }
}

function parseMode(mode: unknown, data: Document): FailPoint | null {
  if (mode === 'off') return null;
  if (mode === 'alwaysOn') return { skip: 0, times: Infinity, data };
  if (!isDocument(mode)) throw new MongoError(2, "fail point mode must be 'off', 'alwaysOn', {times} or {skip}");
  const times = mode['times'] === undefined ? Infinity : toInteger(mode['times'], 1);
  return times <= 0 ? null : { skip: toInteger(mode['skip'], 0), times, data };
}

function actionOf(data: Document): FailAction {
  const { errorCode, errorLabels, writeConcernError } = data;
  const blocks = toBoolean(data['blockConnection']);
  return {
    ...(errorCode === undefined ? {} : { errorCode: toInteger(errorCode, 0) }),
    ...(Array.isArray(errorLabels) ? { errorLabels: errorLabels as string[] } : {}),
    ...(isDocument(writeConcernError) ? { writeConcernError } : {}),
    closeConnection: toBoolean(data['closeConnection']),
    blockMs: blocks ? toInteger(data['blockTimeMS'], 0) : 0,
  };
}
