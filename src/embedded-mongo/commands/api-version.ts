import type { Document } from '../bson/values.js';
import { MongoError } from '../errors.js';
import type { CommandDefinition } from './context.js';

/**
 * The Stable API (https://www.mongodb.com/docs/manual/reference/stable-api/): version 1 is the only one; strict clients
 * get an error for commands outside of it.
 */
export function checkApiVersion(command: Document, name: string, definition: CommandDefinition): void {
  const { apiVersion, apiStrict, apiDeprecationErrors } = command;
  if (apiVersion === undefined) {
    if (apiStrict !== undefined || apiDeprecationErrors !== undefined) {
      throw new MongoError(4886600, 'Provided apiStrict and/or apiDeprecationErrors without passing apiVersion');
    }
    return;
  }
  if (apiVersion !== '1') throw new MongoError(322, 'API version must be "1"');
  if (apiStrict === true && !definition.stable) {
    throw new MongoError(323, `Provided apiStrict:true, but the command ${name} is not in API Version 1`);
  }
}
