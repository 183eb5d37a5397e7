import type { Example } from '../classification/example.repository.js';
import type { Review } from '../reply/review.types.js';
import type { ExampleView, FeedbackView, LabelQueueItem } from './training.dto.js';
import type { EmailToLabel } from './training.service.js';

export function toExampleView(example: Example): ExampleView {
  return {
    id: example.id,
    emailId: example.emailId,
    category: example.category,
    priority: example.priority,
    sentiment: example.sentiment,
    language: example.language,
    source: example.source,
    weight: example.weight,
    createdBy: example.createdBy,
    updatedAt: example.updatedAt.toISOString(),
  };
}

export function toLabelQueueItem({ email, labels }: EmailToLabel): LabelQueueItem {
  return {
    emailId: email.id,
    mailboxId: email.mailboxId,
    subject: email.parsed?.subject ?? '',
    receivedAt: email.receivedAt.toISOString(),
    category: email.classification?.category ?? null,
    priority: email.classification?.priority ?? null,
    confidence: email.classification?.confidence ?? null,
    labels: labels.map(toExampleView),
  };
}

export function toFeedbackView(review: Review): FeedbackView {
  const { replyRevision: _revision, mailboxId: _mailboxId, edit, language: _language, createdAt, ...rest } = review;
  return { ...rest, editDistance: edit?.distance ?? null, at: createdAt.toISOString() };
}
