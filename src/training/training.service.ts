import { Injectable } from '@nestjs/common';
import { AuditService } from '../auth/audit.service.js';
import { ClassificationService } from '../classification/classification.service.js';
import { type Example, ExampleRepository } from '../classification/example.repository.js';
import { LocalEngine } from '../classification/local/local.engine.js';
import { conflict, invalidInput } from '../common/errors.js';
import type { Principal } from '../common/http/access.decorators.js';
import type { Page } from '../common/http/page.js';
import { EmailQueryRepository } from '../mail/message/email-query.repository.js';
import { EmailRepository } from '../mail/message/email.repository.js';
import type { Email } from '../mail/message/email.types.js';
import type { LabelBody, ListEmailsToLabel } from './training.dto.js';

/** A label of a person counts fully; one that two engines agreed on counts less (research: silver labels). */
const HUMAN_WEIGHT = 1;
const AUTO_WEIGHT = 0.3;
/** A calibrated classification this sure labels a mail by itself. */
const SURE = 0.95;

export interface EmailToLabel {
  email: Pick<Email, 'id' | 'mailboxId' | 'receivedAt' | 'classification'> & { parsed: { subject: string } | null };
  labels: Example[];
}

/** Labels: what people say about mails, and what engines agree on. Nothing is inferred from silence. */
@Injectable()
export class TrainingService {
  constructor(
    private readonly emails: EmailRepository,
    private readonly queries: EmailQueryRepository,
    private readonly examples: ExampleRepository,
    private readonly classification: ClassificationService,
    private readonly local: LocalEngine,
    private readonly audit: AuditService,
  ) {}

  /** Classified mails, newest first, with their labels; `unlabelled` leaves out those that a person labelled. */
  async listToLabel(query: ListEmailsToLabel): Promise<Page<EmailToLabel>> {
    const { limit, cursor, mailboxId, category, unlabelled } = query;
    const page = await this.queries.list(
      { ...(mailboxId && { mailboxId }), ...(category && { category }) },
      cursor ? { limit, cursor } : { limit },
    );
    const rows = await Promise.all(
      page.items
        .filter((email) => email.parsed !== null)
        .map(async (email) => ({ email, labels: await this.examples.findByEmail(email.id) })),
    );
    const items = rows.filter(
      ({ labels }) => unlabelled === 'false' || !labels.some((label) => label.source !== 'auto'),
    );
    return { items, nextCursor: page.nextCursor };
  }

  /**
   * Stores what a person says a mail is about; the built-in engine learns from it within seconds.
   * @throws AppError NOT_FOUND, INVALID_INPUT for an unknown category, CONFLICT when the mail could not be parsed
   */
  async label(emailId: string, label: LabelBody, actor: Principal): Promise<Example> {
    this.checkCategory(label.category);
    const email = await this.emails.getById(emailId);
    const example = await this.save(email, label, 'human', HUMAN_WEIGHT, actor.id);
    await this.audit.record({ actor, action: 'training.label', target: `email:${emailId}`, after: label });
    return example;
  }

  /**
   * Labels mails without a person where two engines agree, or where a calibrated classification is sure; leaves the rest to
   * people. Looks at the newest `limit` classified mails.
   */
  async autoLabel(
    limit: number,
    actor: Principal,
    signal: AbortSignal,
  ): Promise<{ looked: number; labelled: number; skipped: number }> {
    const result = { looked: 0, labelled: 0, skipped: 0 };
    let cursor: string | undefined;
    while (result.looked < limit) {
      const page = await this.queries.list(
        {},
        { limit: Math.min(100, limit - result.looked), ...(cursor && { cursor }) },
      );
      for (const { id } of page.items) {
        result.looked++;
        const isLabelled = await this.autoLabelOne(id, actor, signal);
        result[isLabelled ? 'labelled' : 'skipped']++;
      }
      if (!page.nextCursor) break;
      cursor = page.nextCursor;
    }
    await this.audit.record({ actor, action: 'training.auto_label', target: 'emails', after: result });
    return result;
  }

  private async autoLabelOne(id: string, actor: Principal, signal: AbortSignal): Promise<boolean> {
    const email = await this.emails.findById(id);
    const given = email?.classification;
    if (!email?.parsed || !given || given.engine === 'human') return false;
    if ((await this.examples.findByEmail(id)).some((label) => label.source !== 'auto')) return false;
    if (!(given.confidence !== null && given.confidence >= SURE) && !(await this.localAgrees(email, signal)))
      return false;
    await this.save(email, given, 'auto', AUTO_WEIGHT, `auto-label:${actor.id}`);
    return true;
  }

  /** The built-in engine cannot agree with itself: only a classification by the language model can be confirmed by it. */
  private async localAgrees(email: Email, signal: AbortSignal): Promise<boolean> {
    if (email.classification?.engine !== 'openai') return false;
    const { subject, text, attachments } = email.parsed!;
    const second = await this.local.classify(
      { subject, text, attachmentNames: attachments.map(({ filename }) => filename) },
      { emailId: email.id, mailboxId: email.mailboxId, categories: this.classification.categories, signal },
    );
    return second.category === email.classification.category;
  }

  private async save(
    email: Email,
    label: Pick<LabelBody, 'category' | 'priority' | 'sentiment'>,
    source: 'human' | 'auto',
    weight: number,
    createdBy: string,
  ): Promise<Example> {
    if (!email.parsed) throw conflict('The mail could not be parsed, so there is nothing to learn from.');
    return this.examples.save({
      emailId: email.id,
      subject: email.parsed.subject,
      text: email.parsed.text,
      category: label.category,
      priority: label.priority,
      sentiment: label.sentiment,
      language: email.classification?.language ?? null,
      source,
      weight,
      createdBy,
    });
  }

  private checkCategory(category: string): void {
    const known = this.classification.categories;
    if (!known.includes(category)) throw invalidInput(`category: ${category} is not one of ${known.join(', ')}`);
  }
}
