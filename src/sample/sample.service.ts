import { Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Clock } from '../common/clock.js';
import { errorMessage } from '../common/errors.js';
import { AppConfig } from '../config/app-config.js';
import { SampleKnowledgeService } from '../knowledge/sample-knowledge.service.js';
import { MailboxDirectory } from '../mail/mailbox/mailbox-directory.service.js';
import { RawIntakeService } from '../mail/message/raw-intake.service.js';
import { SAMPLE_MAILS, toRaw } from './sample-mails.js';

/** Loads the sample mailbox on the very first start without configuration, through the same door as real mail. */
@Injectable()
export class SampleService {
  constructor(
    private readonly config: AppConfig,
    private readonly mailboxes: MailboxDirectory,
    private readonly knowledge: SampleKnowledgeService,
    private readonly intake: RawIntakeService,
    private readonly clock: Clock,
    @InjectPinoLogger(SampleService.name) private readonly logger: PinoLogger,
  ) {}

  /** Does nothing on later starts, with MONGO_URI or with SAMPLE_MAIL=false. A failure costs the sample, not the start. */
  async loadOnFirstStart(): Promise<void> {
    if (!this.config.isEmbedded || !this.config.isFirstStart || !this.config.env.SAMPLE_MAIL) return;
    try {
      await this.knowledge.load();
      const mailbox = await this.mailboxes.defaultMailbox();
      for (const [index, mail] of SAMPLE_MAILS.entries()) {
        const receivedAt = new Date(this.clock.now().getTime() - mail.minutesAgo * 60_000);
        const bytes = toRaw(mail, mailbox.address, receivedAt, index);
        await this.intake.accept(mailbox, { source: 'sample', bytes, receivedAt });
      }
      this.logger.info({ mails: SAMPLE_MAILS.length }, 'sample mailbox loaded');
    } catch (error) {
      this.logger.warn({ error: errorMessage(error) }, 'the sample mailbox could not be loaded');
    }
  }
}
