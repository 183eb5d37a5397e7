import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { SETTINGS_MODEL, type SettingsDoc } from './settings.schema.js';
import { DEFAULT_SETTINGS, type Settings } from './settings.types.js';

const GLOBAL = 'global';

@Injectable()
export class SettingsRepository {
  constructor(@InjectModel(SETTINGS_MODEL) private readonly model: Model<SettingsDoc>) {}

  async load(): Promise<Settings> {
    const doc = await this.model.findById(GLOBAL).lean<SettingsDoc>().exec();
    return withDefaults(doc);
  }

  /** Changes the given switches and returns all of them. */
  async update(changes: Partial<Settings>): Promise<Settings> {
    const doc = await this.model
      .findOneAndUpdate({ _id: GLOBAL }, { $set: changes }, { upsert: true, returnDocument: 'after' })
      .lean<SettingsDoc>()
      .exec();
    return withDefaults(doc);
  }
}

function withDefaults(doc: SettingsDoc | null): Settings {
  return {
    autoSendEnabled: doc?.autoSendEnabled ?? DEFAULT_SETTINGS.autoSendEnabled,
    deliveryPaused: doc?.deliveryPaused ?? DEFAULT_SETTINGS.deliveryPaused,
    workflowPaused: doc?.workflowPaused ?? DEFAULT_SETTINGS.workflowPaused,
    neverAuto: doc?.neverAuto ?? DEFAULT_SETTINGS.neverAuto,
  };
}
