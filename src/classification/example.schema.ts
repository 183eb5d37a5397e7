import { Schema } from 'mongoose';
import { idField, schemaOptions, type Stored } from '../database/schema-options.js';
import { PRIORITIES, type Priority, SENTIMENTS, type Sentiment } from '../mail/message/email.types.js';

/**
 * Who said so: `human` labelled it on purpose, `review` is what a reviewer corrected or confirmed while answering, `auto` is
 * agreement of engines without a person.
 */
export const EXAMPLE_SOURCES = ['human', 'review', 'auto'] as const;
export type ExampleSource = (typeof EXAMPLE_SOURCES)[number];

/** One labelled training item with where it comes from. At most one per mail and source: a later label replaces it. */
export type ExampleDoc = Stored & {
  emailId: string;
  subject: string;
  /** New text of the mail, quoted history trimmed. */
  text: string;
  category: string;
  /** null where nobody judged it. */
  priority: Priority | null;
  sentiment: Sentiment | null;
  /** ISO 639-1, or null when unknown. */
  language: string | null;
  source: ExampleSource;
  /** How much it counts in training; a bundled example counts 1. */
  weight: number;
  /** User id, or the name of the job that made it. */
  createdBy: string;
};

export const EXAMPLE_MODEL = 'Example';

export const exampleSchema = new Schema<ExampleDoc>(
  {
    _id: idField,
    emailId: { type: String, required: true },
    subject: { type: String, default: '' },
    text: { type: String, default: '' },
    category: { type: String, required: true },
    priority: { type: String, enum: [...PRIORITIES, null], default: null },
    sentiment: { type: String, enum: [...SENTIMENTS, null], default: null },
    language: { type: String, default: null },
    source: { type: String, enum: EXAMPLE_SOURCES, required: true },
    weight: { type: Number, required: true, min: 0, max: 100 },
    createdBy: { type: String, required: true },
  },
  schemaOptions('examples'),
);
exampleSchema.index({ emailId: 1, source: 1 }, { unique: true });
exampleSchema.index({ updatedAt: -1 });
exampleSchema.index({ source: 1, _id: -1 });
