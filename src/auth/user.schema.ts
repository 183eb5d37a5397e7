import { Schema } from 'mongoose';
import { ROLES } from '../common/http/access.decorators.js';
import { idField, schemaOptions, type Stored } from '../database/schema-options.js';
import type { User } from './user.types.js';

export const USER_MODEL = 'User';

export type UserDoc = Stored &
  Omit<User, 'id' | 'createdAt' | 'updatedAt'> & {
    /** Held while an administrator loses the role, is disabled or deleted; see UserRepository. */
    adminExit?: 'held';
    adminExitAt?: Date;
  };

export const userSchema = new Schema<UserDoc>(
  {
    _id: idField,
    username: { type: String, required: true },
    passwordHash: { type: String, required: true },
    role: { type: String, enum: ROLES, required: true },
    disabled: { type: Boolean, required: true, default: false },
    tokenVersion: { type: Number, required: true, default: 0 },
    adminExit: { type: String, enum: ['held'] },
    adminExitAt: { type: Date },
  },
  schemaOptions('users'),
);
userSchema.index({ username: 1 }, { unique: true });
userSchema.index({ role: 1, disabled: 1 });
// At most one document has the field: at most one administrator is on the way out.
userSchema.index({ adminExit: 1 }, { unique: true, sparse: true });
