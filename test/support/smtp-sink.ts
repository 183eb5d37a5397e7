import { SMTPServer } from 'smtp-server';
import type { AddressInfo } from 'node:net';

export interface Delivered {
  recipient: string;
  messageId: string;
  raw: Buffer;
}

export interface SmtpSink {
  port: number;
  delivered: Delivered[];
  stop(): Promise<void>;
}

const MESSAGE_ID = /^message-id:\s*(<[^>]+>)/im;

/** A mail server that takes everything and remembers it: what arrived is what was delivered. */
export async function startSmtpSink(): Promise<SmtpSink> {
  const delivered: Delivered[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.once('end', () => {
        const raw = Buffer.concat(chunks);
        const messageId = MESSAGE_ID.exec(raw.toString('latin1'))?.[1] ?? '';
        for (const { address } of session.envelope.rcptTo) delivered.push({ recipient: address, messageId, raw });
        done();
      });
    },
  });
  server.on('error', () => undefined); // a peer that is killed resets its connection
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    delivered,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
