import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';
import type { Mailbox } from '../mailbox/mailbox.types.js';
import type { MailTransport } from './mail-transport.js';
import type { OutboxItem } from './outbox.types.js';
import type { SendHooks, SendResult } from './smtp-send.js';

/** Folder below DATA_DIR that captured mails are written to. */
export const OUTBOX_FOLDER = 'outbox';

/** `<local part of the Message-ID>.eml`, of harmless characters only. */
export function captureName(messageId: string): string {
  const localPart = messageId.replace(/^</, '').replace(/@.*$/, '');
  return `${localPart.replace(/[^a-zA-Z0-9._-]/g, '_').slice(0, 120)}.eml`;
}

/**
 * Captures replies as files instead of sending them: the default without an SMTP server, so that trying the product out
 * mails nobody. A file is complete or not there, and the same mail always has the same name: writing it twice leaves one.
 */
@Injectable()
export class FileTransport implements MailTransport {
  readonly isIdempotent = true;
  private readonly folder: string;

  constructor(config: AppConfig) {
    this.folder = join(config.dataDir, OUTBOX_FOLDER);
  }

  async send(item: OutboxItem, _mailbox: Mailbox, hooks: SendHooks, signal: AbortSignal): Promise<SendResult> {
    signal.throwIfAborted();
    await hooks.beforeMail();
    await hooks.beforeData();
    const name = captureName(item.messageId);
    await this.write(name, item.mime, `${name}.${item.fence}.tmp`);
    const response = `${OUTBOX_FOLDER}/${name}`;
    return {
      isAccepted: true,
      phase: 'awaiting-reply',
      response,
      responseCode: 250,
      serverMessageId: null,
      errorCode: null,
      command: null,
    };
  }

  private async write(name: string, bytes: Buffer, temporary: string): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const path = join(this.folder, temporary);
    const file = await open(path, 'w', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(path, join(this.folder, name));
    await syncFolder(this.folder);
  }
}

/** The new name is only safe from a power cut once its folder is on disk. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
