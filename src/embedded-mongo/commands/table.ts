import { administrationCommands } from './administration.js';
import { aggregateCommands } from './aggregate.js';
import { authenticationCommands } from './authentication.js';
import { collectionCommands } from './collections.js';
import type { CommandTable } from './context.js';
import { deleteCommands } from './delete.js';
import { explainCommands } from './explain-command.js';
import { findAndModifyCommands } from './find-and-modify.js';
import { findCommands } from './find.js';
import { handshakeCommands } from './handshake.js';
import { indexCommands } from './indexes.js';
import { insertCommands } from './insert.js';
import { readCommands } from './count-distinct.js';
import { transactionCommands } from './transaction-commands.js';
import { updateCommands } from './update.js';

/** Every command the server answers. */
export const commandTable: CommandTable = {
  ...handshakeCommands,
  ...authenticationCommands,
  ...findCommands,
  ...insertCommands,
  ...updateCommands,
  ...deleteCommands,
  ...findAndModifyCommands,
  ...readCommands,
  ...aggregateCommands,
  ...explainCommands,
  ...collectionCommands,
  ...indexCommands,
  ...transactionCommands,
  ...administrationCommands,
};
