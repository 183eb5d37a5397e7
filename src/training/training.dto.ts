import { z } from 'zod';
import { pageOf, pageQuery } from '../common/http/page.js';
import { ID_PATTERN } from '../common/id.js';
import { REVIEW_ACTIONS } from '../reply/review.types.js';
import { PRIORITIES, SENTIMENTS } from '../mail/message/email.types.js';

const time = z.string().meta({ format: 'date-time' });
const id = z.string().regex(ID_PATTERN);
const category = z.string().min(1).max(40).describe('A category of GET /classification/categories');

export const labelBody = z
  .strictObject({
    category,
    priority: z.enum(PRIORITIES).nullable().default(null),
    sentiment: z.enum(SENTIMENTS).nullable().default(null),
  })
  .meta({ id: 'Label' });
export type LabelBody = z.infer<typeof labelBody>;

export const exampleView = z
  .object({
    id: z.string(),
    emailId: z.string(),
    category: z.string(),
    priority: z.enum(PRIORITIES).nullable(),
    sentiment: z.enum(SENTIMENTS).nullable(),
    language: z.string().nullable(),
    source: z.enum(['human', 'review', 'auto']).describe('Who said so'),
    weight: z.number().describe('How much it counts in training'),
    createdBy: z.string(),
    updatedAt: time,
  })
  .meta({ id: 'Example' });
export type ExampleView = z.infer<typeof exampleView>;
export const examplePage = pageOf(exampleView, 'ExamplePage');

export const listExamples = pageQuery.extend({ source: z.enum(['human', 'review', 'auto']).optional() });
export type ListExamples = z.infer<typeof listExamples>;

export const labelQueueItem = z
  .object({
    emailId: z.string(),
    mailboxId: z.string(),
    subject: z.string(),
    receivedAt: time,
    category: z.string().nullable().describe('What the engine says'),
    priority: z.enum(PRIORITIES).nullable(),
    confidence: z.number().nullable(),
    labels: z.array(exampleView),
  })
  .meta({ id: 'LabelQueueItem' });
export type LabelQueueItem = z.infer<typeof labelQueueItem>;
export const labelQueuePage = pageOf(labelQueueItem, 'LabelQueuePage');

export const listEmailsToLabel = pageQuery.extend({
  mailboxId: id.optional(),
  category: category.optional(),
  unlabelled: z.enum(['true', 'false']).default('true').describe('Only mails without a label'),
});
export type ListEmailsToLabel = z.infer<typeof listEmailsToLabel>;

export const autoLabelBody = z
  .strictObject({
    limit: z.int().min(1).max(500).default(100).describe('Classified mails looked at, newest first'),
  })
  .meta({ id: 'AutoLabelRequest' });
export type AutoLabelBody = z.infer<typeof autoLabelBody>;

export const autoLabelResult = z
  .object({
    looked: z.number(),
    labelled: z.number().describe('Both engines agreed, or the classification was calibrated and sure'),
    skipped: z.number().describe('They disagreed, or the mail has a label of a person'),
  })
  .meta({ id: 'AutoLabelResult' });
export type AutoLabelResult = z.infer<typeof autoLabelResult>;

export const feedbackView = z
  .object({
    id: z.string(),
    emailId: z.string(),
    replyId: z.string(),
    action: z.enum(REVIEW_ACTIONS),
    reasonCodes: z.array(z.string()),
    comment: z.string().nullable(),
    editDistance: z.number().nullable().describe('0 sent unchanged, 1 nothing left of the draft; null when rejected'),
    category: z.string().nullable(),
    engine: z.string(),
    model: z.string().nullable(),
    promptVersion: z.string().nullable(),
    reviewerId: z.string(),
    draftText: z.string(),
    finalText: z.string().nullable(),
    at: time,
  })
  .meta({ id: 'Feedback' });
export type FeedbackView = z.infer<typeof feedbackView>;
export const feedbackPage = pageOf(feedbackView, 'FeedbackPage');

export const exportQuery = z.strictObject({
  source: z.enum(['human', 'review', 'auto']).optional().describe('Only labels of this source'),
});
export type ExportQuery = z.infer<typeof exportQuery>;

export const trainingStats = z
  .object({
    examples: z.object({ human: z.number(), review: z.number(), auto: z.number() }),
    model: z
      .object({
        version: z.string(),
        bundledExamples: z.number().describe('Examples that come with the product'),
        storedExamples: z.number().describe('Labels of this installation'),
        isCalibrated: z.boolean().describe('Confidences are calibrated on labels by people; otherwise they are null'),
        trainedAt: time,
        durationMs: z.number(),
      })
      .nullable()
      .describe('null before the first training of this process'),
  })
  .meta({ id: 'TrainingStats' });
export type TrainingStats = z.infer<typeof trainingStats>;
