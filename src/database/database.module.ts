import { Global, Module } from '@nestjs/common';
import { getConnectionToken } from '@nestjs/mongoose';
import mongoose from 'mongoose';
import { StoreService } from './store.service.js';

/**
 * Provides the one mongoose connection. It is made without an address so that modules can register their schemas on it;
 * the composition root then calls StoreService.open(), which connects and builds the indexes.
 */
@Global()
@Module({
  providers: [
    {
      provide: getConnectionToken(),
      useFactory: () => {
        const connection = mongoose.createConnection();
        connection.set('bufferCommands', false);
        return connection;
      },
    },
    StoreService,
  ],
  exports: [getConnectionToken(), StoreService],
})
export class DatabaseModule {}
