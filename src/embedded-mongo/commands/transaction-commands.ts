import { MongoError } from '../errors.js';
import type { CommandContext, CommandTable, Reply } from './context.js';

function adminOnly({ db, name }: CommandContext): void {
  if (db !== 'admin') throw new MongoError(13, `${name} may only be run against the admin database.`);
}

async function commitTransaction(context: CommandContext): Promise<Reply> {
  adminOnly(context);
  return context.server.transactions.commit(context);
}

function abortTransaction(context: CommandContext): Reply {
  adminOnly(context);
  return context.server.transactions.abort(context);
}

export const transactionCommands: CommandTable = {
  commitTransaction: { run: commitTransaction, transaction: true, stable: true },
  abortTransaction: { run: abortTransaction, transaction: true, stable: true },
};
