import type { Mailbox, Mode } from '../mail/mailbox/mailbox.types.js';

/** The mode that holds for a mail: that of its category when the mailbox has one, else that of the mailbox. */
export const modeFor = ({ policy }: Pick<Mailbox, 'policy'>, category: string): Mode =>
  policy.modeByCategory[category] ?? policy.mode;
