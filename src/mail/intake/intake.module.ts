import { Module } from '@nestjs/common';
import { LeaseModule } from '../../jobs/lease.module.js';
import { MailboxModule } from '../mailbox/mailbox.module.js';
import { MessageModule } from '../message/message.module.js';
import { DropFolderService } from './drop-folder.service.js';
import { MailIntake } from './mail-intake.service.js';
import { SmtpIntakeService } from './smtp-intake.service.js';
import { UploadController } from './upload.controller.js';
import { ImapReport } from './imap-report.js';
import { SessionParts } from './imap-session.js';
import { ImapSupervisor } from './imap-supervisor.service.js';
import { ImapSync } from './imap-sync.js';
import { ImportService } from './import.service.js';

/** How mail comes in: IMAP, SMTP, drop folder and upload. */
@Module({
  imports: [MailboxModule, MessageModule, LeaseModule],
  controllers: [UploadController],
  providers: [
    MailIntake,
    ImportService,
    SmtpIntakeService,
    DropFolderService,
    ImapSync,
    ImapReport,
    SessionParts,
    ImapSupervisor,
  ],
  exports: [MailIntake, ImportService, SmtpIntakeService, DropFolderService, ImapSupervisor],
})
export class IntakeModule {}
