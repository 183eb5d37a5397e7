import { simpleParser } from 'mailparser';
import { MailStack } from '../../test/support/mailstack';

export interface BareFigures {
  mails: number;
  seconds: number;
  cpuSeconds: number;
}

/** The least that any program must do: fetch every mail of the folder with imapflow and parse it with mailparser. */
export async function bareFetch(stack: MailStack, user: string): Promise<BareFigures> {
  return stack.asUser(user, async (client) => {
    const lock = await client.getMailboxLock('INBOX', { readOnly: true });
    const startedMs = performance.now();
    const before = process.cpuUsage();
    let mails = 0;
    try {
      for await (const { source } of client.fetch('1:*', { uid: true, source: true })) {
        await simpleParser(source!);
        mails++;
      }
    } finally {
      lock.release();
    }
    const { user: userMicros, system } = process.cpuUsage(before);
    return { mails, seconds: (performance.now() - startedMs) / 1000, cpuSeconds: (userMicros + system) / 1e6 };
  });
}
