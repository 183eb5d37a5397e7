import { z } from 'zod';
import { ID_PATTERN } from '../../common/id.js';

export const importQuery = z.strictObject({
  mailboxId: z.string().regex(ID_PATTERN).optional().describe('Mailbox that gets the mails; default the built-in one'),
});
export type ImportQuery = z.infer<typeof importQuery>;

/** Fields beside the files of a multipart upload; absent for a raw body. */
export const importFields = z.object({ mailboxId: z.string().regex(ID_PATTERN).optional() });

export const importResult = z
  .object({
    items: z.array(
      z.object({ emailId: z.string(), isNew: z.boolean().describe('false: the mailbox had this mail already') }),
    ),
    refused: z.int().describe('Parts that are no mails'),
  })
  .meta({ id: 'ImportResult' });
export type ImportResult = z.infer<typeof importResult>;
