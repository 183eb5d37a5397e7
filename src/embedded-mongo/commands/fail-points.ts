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

const NAMES = ['failCommand', 'failGetMoreAfterCursorCheckout', 'onPrimaryTransactionalWrite'] as const;
type FailPointName = (typeof NAMES)[number];

/**
 * The fail points of MongoDB's servers the driver specifications use: commands fail on purpose, by code, by a closed
 * connection or after a delay. Only with `--test-commands`.
 *
 * - `failCommand`: the commands it names fail before they run
 * - `failGetMoreAfterCursorCheckout`: a getMore fails
 * - `onPrimaryTransactionalWrite`: a retryable write loses its connection, after it was done, or instead
 */
export class FailPoints {
  private readonly armed = new Map<FailPointName, FailPoint>();

  configure(name: string, mode: unknown, data: Document): Document {
    const known = NAMES.find((candidate) => candidate === name);
    if (!known) throw new MongoError(192, `'${name}' fail point not found`);
    const point = parseMode(mode, data);
    if (point) this.armed.set(known, point);
    else this.armed.delete(known);
    return { count: 0, ok: 1 };
  }

  /** Takes one shot at a command before it runs; null when it may run undisturbed. */
  beforeCommand(command: string, appName: string | undefined): FailAction | null {
    const data = this.shoot('failCommand', ({ failCommands, appName: onlyApp }) => {
      const isNamed = Array.isArray(failCommands) && failCommands.includes(command);
      return isNamed && (onlyApp === undefined || onlyApp === appName);
    });
    return data && actionOf(data);
  }

  /** Code a getMore has to fail with. */
  onGetMore(): number | null {
    const data = this.shoot('failGetMoreAfterCursorCheckout');
    return data && toInteger(data['errorCode'], 1);
  }

  /** What happens to a retryable write: it fails with a code before the commit, or (null) only its answer is lost. */
  onRetryableWrite(): { failWith: number | null; closeConnection: boolean } | null {
    const data = this.shoot('onPrimaryTransactionalWrite');
    if (!data) return null;
    const code = data['failBeforeCommitExceptionCode'];
    return {
      failWith: code === undefined ? null : toInteger(code, 1),
      closeConnection: toBoolean(data['closeConnection'], true),
    };
  }

  private shoot(name: FailPointName, applies: (data: Document) => boolean = () => true): Document | null {
    const point = this.armed.get(name);
    if (!point || !applies(point.data)) return null;
    if (point.skip > 0) {
      point.skip--;
      return null;
    }
    if (--point.times <= 0) this.armed.delete(name);
    return point.data;
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
