import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AuthModule } from '../../auth/auth.module.js';
import { ConnectionTester } from './connection-tester.service.js';
import { CredentialCipher } from './credential-cipher.js';
import { HostGuard } from './host-guard.js';
import { ImapConnector } from './imap-client.js';
import { MailboxBootstrap } from './mailbox-bootstrap.service.js';
import { MailboxDirectory } from './mailbox-directory.service.js';
import { MailboxSecrets } from './mailbox-secrets.service.js';
import { MailboxController } from './mailbox.controller.js';
import { MailboxRepository } from './mailbox.repository.js';
import { MAILBOX_MODEL, mailboxSchema } from './mailbox.schema.js';
import { MailboxService } from './mailbox.service.js';
import { SentFolderService } from './sent-folder.service.js';

@Module({
  imports: [MongooseModule.forFeature([{ name: MAILBOX_MODEL, schema: mailboxSchema }]), AuthModule],
  controllers: [MailboxController],
  providers: [
    MailboxRepository,
    CredentialCipher,
    MailboxSecrets,
    MailboxDirectory,
    MailboxService,
    MailboxBootstrap,
    HostGuard,
    ImapConnector,
    ConnectionTester,
    SentFolderService,
  ],
  exports: [
    MailboxRepository,
    MailboxDirectory,
    MailboxSecrets,
    MailboxBootstrap,
    HostGuard,
    ImapConnector,
    SentFolderService,
  ],
})
export class MailboxModule {}
