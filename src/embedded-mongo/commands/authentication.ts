import { Binary } from 'bson';
import { type Document, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { ScramConversation } from '../auth/scram.js';
import { binaryParts } from '../bson/values.js';
import { toInteger } from '../storage/integers.js';
import type { CommandContext, CommandTable, Reply } from './context.js';

const MECHANISM = 'SCRAM-SHA-256';
const CONVERSATION_ID = 1;

function saslStart(context: CommandContext): Reply {
  const { command, server, connection } = context;
  if (!server.credentials) throw new MongoError(18, 'Authentication is not configured on this server');
  if (command['mechanism'] !== MECHANISM) {
    throw new MongoError(
      334,
      `Received authentication for mechanism ${String(command['mechanism'])} which is not enabled`,
    );
  }
  const conversation = new ScramConversation(server.credentials);
  connection.conversation = conversation;
  const skipEmpty = isDocument(command['options']) && command['options']['skipEmptyExchange'] === true;
  return step(context, conversation, () => conversation.first(payloadOf(command), skipEmpty));
}

function saslContinue(context: CommandContext): Reply {
  const { command, connection } = context;
  const { conversation } = connection;
  if (!(conversation instanceof ScramConversation) || toInteger(command['conversationId'], 0) !== CONVERSATION_ID) {
    throw new MongoError(17, 'No SASL session state found');
  }
  return step(context, conversation, () => conversation.continue(payloadOf(command)));
}

function step({ connection }: CommandContext, conversation: ScramConversation, run: () => string): Reply {
  try {
    const payload = run();
    if (conversation.user !== null && connection.user === null) {
      connection.user = conversation.user;
      connection.trust();
    }
    if (conversation.done) connection.conversation = null;
    return {
      conversationId: CONVERSATION_ID,
      done: conversation.done,
      payload: new Binary(Buffer.from(payload, 'utf8')),
      ok: 1,
    };
  } catch (error) {
    connection.conversation = null;
    throw error;
  }
}

/** The first step of SCRAM inside `hello`, which saves a round trip. A failure is left for `saslStart` to report. */
export function speculativeAuthentication(context: CommandContext): Document | null {
  const speculative = context.command['speculativeAuthenticate'];
  if (!isDocument(speculative) || !context.server.credentials || speculative['mechanism'] !== MECHANISM) return null;
  try {
    const { ok: _, ...reply } = saslStart({ ...context, command: speculative });
    return reply;
  } catch {
    return null;
  }
}

function payloadOf(command: Document): string {
  const { payload } = command;
  if (typeof payload === 'string') return Buffer.from(payload, 'base64').toString('utf8');
  if (!(payload instanceof Binary)) throw new MongoError(14, 'payload must be binary data');
  return Buffer.from(binaryParts(payload).bytes).toString('utf8');
}

function connectionStatus({ connection, server }: CommandContext): Reply {
  const users = connection.user === null ? [] : [{ user: connection.user, db: 'admin' }];
  const roles = users.length > 0 ? [{ role: 'root', db: 'admin' }] : [];
  const privileges = server.credentials && users.length === 0 ? [] : undefined;
  return {
    authInfo: {
      authenticatedUsers: users,
      authenticatedUserRoles: roles,
      authenticatedUserPrivileges: privileges ?? [],
    },
    ok: 1,
  };
}

function logout({ connection }: CommandContext): Reply {
  connection.user = null;
  return { ok: 1 };
}

export const authenticationCommands: CommandTable = {
  saslStart: { run: saslStart, open: true, stable: true },
  saslContinue: { run: saslContinue, open: true, stable: true },
  logout: { run: logout, open: true },
  connectionStatus: { run: connectionStatus, open: true },
};
