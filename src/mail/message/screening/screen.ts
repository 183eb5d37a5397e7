import type { Screening } from '../email.types.js';
import { HeaderValues } from './header-values.js';
import { SCREENING_RULES } from './screening-rules.js';
import type { ScreeningInput } from './screening.types.js';
import { canonicalAddress } from './sender-address.js';

/**
 * Whether a mail may be answered: pure, the same input gives the same verdict, so it can be repeated from what is stored.
 * Headers that are asked for are those of selected-headers.ts.
 */
export function screen(input: ScreeningInput): Screening {
  const header = new HeaderValues(input.mail.headers);
  const own = new Set(input.ownAddresses.map(canonicalAddress));
  for (const rule of SCREENING_RULES) {
    const evidence = rule.test({ ...input, header, own });
    if (evidence !== null) return { verdict: rule.verdict, reason: rule.code, evidence };
  }
  return { verdict: 'answer', reason: null, evidence: null };
}
