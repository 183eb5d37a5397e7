import mongoose from 'mongoose';
import { connectionOptions, databaseName } from './connection-options.js';

/** Connects as the product does, asks for a sign of life and disconnects. @throws what the driver says when that fails */
export async function checkConnection(uri: string): Promise<void> {
  const connection = await mongoose
    .createConnection(uri, { ...connectionOptions, dbName: databaseName(uri) })
    .asPromise();
  await connection.db!.command({ ping: 1 });
  await connection.close();
}
