import { Schema } from 'mongoose';
import { idField, schemaOptions, type Stored } from '../database/schema-options.js';
import type { Session } from './refresh-token.types.js';

export const REFRESH_TOKEN_MODEL = 'RefreshToken';

export type RefreshTokenDoc = Stored & Omit<Session, 'id'>;

/** One document for each family: rotation and revocation are compare-and-set on it, so that neither can miss the other. */
export const refreshTokenSchema = new Schema<RefreshTokenDoc>(
  {
    _id: idField,
    userId: { type: String, required: true },
    tokenVersion: { type: Number, required: true },
    keyHash: { type: String, required: true },
    currentHash: { type: String, required: true },
    previousHash: { type: String, default: null },
    rotatedAt: { type: Date, default: null },
    startedAt: { type: Date, required: true },
    expiresAt: { type: Date, required: true },
    endedAt: { type: Date, default: null },
    endReason: { type: String, default: null },
  },
  schemaOptions('refresh_tokens'),
);
refreshTokenSchema.index({ keyHash: 1 }, { unique: true });
refreshTokenSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
