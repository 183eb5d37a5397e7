import { Schema } from 'mongoose';
import { schemaOptions } from '../database/schema-options.js';
import type { Settings } from './settings.types.js';

/** One document, `_id` = global. */
export type SettingsDoc = Partial<Settings> & { _id: string };

export const SETTINGS_MODEL = 'Settings';

export const settingsSchema = new Schema<SettingsDoc>(
  {
    _id: { type: String, required: true },
    autoSendEnabled: Boolean,
    deliveryPaused: Boolean,
    workflowPaused: Boolean,
    neverAuto: { type: [String], default: undefined },
  },
  schemaOptions('settings'),
);
