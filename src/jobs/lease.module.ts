import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { LeaseRepository } from './lease.repository.js';
import { LEASE_MODEL, leaseSchema } from './lease.schema.js';
import { LeaseService } from './lease.service.js';

@Module({
  imports: [MongooseModule.forFeature([{ name: LEASE_MODEL, schema: leaseSchema }])],
  providers: [LeaseRepository, LeaseService],
  exports: [LeaseService],
})
export class LeaseModule {}
