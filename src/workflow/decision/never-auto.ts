/**
 * Topics that always call a person (architecture, section 7): stems in English, German, French and Spanish, matched at the
 * beginning of a word. A false hit costs one review; a miss could send what a person would regret.
 */
const BUILT_IN: Record<string, readonly string[]> = {
  refund: [
    'refund',
    'money back',
    'chargeback',
    'rückerstatt',
    'erstattung',
    'geld zurück',
    'rembours',
    'reembols',
    'devolución',
  ],
  legal: [
    'lawyer',
    'attorney',
    'legal action',
    'lawsuit',
    'court',
    'anwalt',
    'klage',
    'rechtlich',
    'gericht',
    'avocat',
    'tribunal',
    'abogado',
    'demanda',
  ],
  security: [
    'hacked',
    'breach',
    'phishing',
    'stolen',
    'fraud',
    'gehackt',
    'betrug',
    'piraté',
    'fraude',
    'hackead',
    'robad',
  ],
  privacy: ['gdpr', 'dsgvo', 'rgpd', 'personal data', 'personenbezogen', 'données personnelles', 'datos personales'],
  cancellation: ['cancel', 'terminate', 'kündig', 'stornier', 'résili', 'annuler', 'cancelar', 'dar de baja'],
  human: [
    'real person',
    'human please',
    'speak to a human',
    'talk to a human',
    'echten menschen',
    'vrai humain',
    'persona real',
  ],
  harm: ['suicide', 'kill myself', 'selbstmord', 'suicid'],
};

/** Letters and digits of any script end a word; \b knows ASCII only. */
const wordStart = (stem: string): RegExp =>
  new RegExp(`(?<![\\p{L}\\p{N}])${stem.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`, 'iu');

const PATTERNS = Object.entries(BUILT_IN).map(([topic, stems]) => ({ topic, patterns: stems.map(wordStart) }));

/**
 * Which never-auto topics a mail touches.
 * @param extra words of the settings and the mailbox policy
 * @returns topic names, then the extra words that occur; without duplicates
 */
export function neverAutoHits(mail: { subject: string; text: string }, extra: readonly string[]): string[] {
  const content = `${mail.subject}\n${mail.text}`;
  const topics = PATTERNS.filter(({ patterns }) => patterns.some((pattern) => pattern.test(content))).map(
    ({ topic }) => topic,
  );
  const words = extra.filter((word) => wordStart(word).test(content));
  return [...new Set([...topics, ...words])];
}
