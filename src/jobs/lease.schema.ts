import { Schema } from 'mongoose';
import { schemaOptions, type Stored } from '../database/schema-options.js';

export const LEASE_MODEL = 'Lease';

/** `_id` is the name of what is held, e.g. `mailbox:<id>`. */
export type LeaseDoc = Stored & {
  owner: string;
  expiresAt: Date;
  /** Goes up with each change of owner. */
  fence: number;
};

export const leaseSchema = new Schema<LeaseDoc>(
  {
    _id: { type: String, required: true },
    owner: { type: String, required: true },
    expiresAt: { type: Date, required: true },
    fence: { type: Number, required: true },
  },
  schemaOptions('leases'),
);
