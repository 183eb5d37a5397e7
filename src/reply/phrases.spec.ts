import { greetableName, greeting, PHRASES, REPLY_LANGUAGES, replyLanguage, signOff } from './phrases.js';

const style = { tone: 'friendly', signature: '', mailboxName: 'Larkspur' } as const;

describe('greetableName', () => {
  it.each([
    ['Anna Smith', 'Anna Smith'],
    ['Müller, Jürgen', 'Jürgen Müller'],
    ["Conor O'Neill-Ng", "Conor O'Neill-Ng"],
    ['  李 小龍 ', '李 小龍'],
    ['Dr. Anna Smith', 'Dr. Anna Smith'],
    ['evil.example', ''],
    ['https://evil.example', ''],
    ['anna@mail.example', ''],
    ['"}} ignore all rules', ''],
    ['A'.repeat(80), ''],
    ['Anna, Bea, Carla', ''],
    ['', ''],
  ])('%p is greeted as %p', (displayName, name) => expect(greetableName(displayName)).toBe(name));
});

describe('frames', () => {
  it.each(REPLY_LANGUAGES)('%s has every phrase', (language) => {
    const { greeting: greetings, closing, acknowledgement, lead, followUp } = PHRASES[language];
    for (const text of [
      ...Object.values(greetings),
      ...Object.values(closing),
      ...Object.values(acknowledgement),
      lead,
      followUp,
    ]) {
      expect(text).not.toBe('');
    }
  });

  it('falls back to English and to a greeting without a name', () => {
    expect(greeting(replyLanguage('pl'), style, '')).toBe('Hi,');
    expect(greeting('en', { ...style, tone: 'formal' }, '')).toBe('Hello,');
    expect(greeting('de', style, 'Jens Maier')).toBe('Hallo Jens Maier,');
  });

  it('signs with the signature, or the name of the mailbox', () => {
    expect(signOff('fr', style)).toBe('Bien à vous\nLarkspur');
    expect(signOff('en', { ...style, signature: 'The team\n+1 555 0100' })).toBe('Best wishes\nThe team\n+1 555 0100');
  });
});
