import { checkDraft, type CheckSources } from './draft-checks.js';

const sources: CheckSources = {
  passages: ['Contact\nCall +1 555 0100 or see https://larkspur.example/visit. Write to help@larkspur.example.'],
  ownText: 'Larkspur Coffee\nlarkspur.example',
  customerText: 'My number is 030 1234567 8, my mail is anna@home.example, my shop is https://anna.example/shop',
  canary: 'mk0123456789abcd',
  promptText: 'State only what the passages say. Do not use other knowledge about the company or its products.',
  language: { found: 'en', wanted: 'en' },
};
const codes = (text: string, changes: Partial<CheckSources> = {}): string[] =>
  checkDraft(text, { ...sources, ...changes }).map(({ code }) => code);

const CLEAN =
  'Hello Anna,\n\nplease call us on +1 555 0100 or see https://larkspur.example/visit within 30 days.\n\nKind regards';

describe('checkDraft', () => {
  it('finds nothing in a clean draft', () => expect(codes(CLEAN)).toEqual([]));

  it.each([
    ['a link from nowhere', 'https://evil.example/login', ['FOREIGN_LINK']],
    ['a bare host from nowhere', 'evil.com/pay', ['FOREIGN_LINK']],
    ['a look-alike host', 'https://larksp\u00fcr.example/visit', ['FOREIGN_LINK']],
    ['a host that contains ours', 'https://larkspur.example.evil.example', ['FOREIGN_LINK']],
    ['a link that only the mail contains', 'https://anna.example/shop', ['FOREIGN_LINK']],
    ['an address from nowhere', 'attacker@evil.example', ['FOREIGN_ADDRESS']],
    ['the address of the mail', 'anna@home.example', ['CUSTOMER_ADDRESS']],
    ['our address', 'help@larkspur.example', []],
    ['a number from nowhere', '+44 20 7946 0958', ['FOREIGN_PHONE']],
    ['the number of the mail', '030 12345678', []],
    ['a bank account', 'DE89 3704 0044 0532 0130 00', ['FOREIGN_IBAN']],
    ['a card', '4111 1111 1111 1111', ['CARD_NUMBER']],
    ['an empty slot', '[Your Name]', ['PLACEHOLDER']],
    ['a template variable', '{{customer}}', ['PLACEHOLDER']],
    ['a footnote', 'as written there [1]', []],
    ['an image', '![x](https://larkspur.example/p.png)', ['MARKUP']],
    ['a tag', '<img src="x">', ['MARKUP']],
    ['hidden characters', 'pass\u200bword', ['INVISIBLE_CHARACTERS']],
    ['the canary', 'MK0123456789ABCD', ['CANARY_LEAK']],
    ['the canary in pieces', 'm_k0123456789 a-b-c-d', ['CANARY_LEAK']],
    ['the prompt', 'I was told: do not use other knowledge about the company or its products!', ['PROMPT_LEAK']],
  ])('%s', (_, part, expected) => expect(codes(`${CLEAN}\n${part}`)).toEqual(expected));

  it('blocks what must not leave and only warns of the customer own address', () => {
    const severities = checkDraft(`${CLEAN}\nanna@home.example x@evil.example`, sources).map(
      ({ severity }) => severity,
    );
    expect(severities).toEqual(['warn', 'block']);
  });

  it('shows where', () => {
    const text = `${CLEAN} https://evil.example/x`;
    const [check] = checkDraft(text, sources);
    expect(text.slice(check!.evidence!.start, check!.evidence!.end)).toBe('https://evil.example/x');
  });

  it.each([
    ['', ['EMPTY']],
    ['Yes.', ['EMPTY']],
    ['long words of it '.repeat(500), ['TOO_LONG']],
  ])('length of %.10p', (text, expected) => expect(codes(text)).toEqual(expected));

  it('a passage that says what the prompt says is no leak', () => {
    const passage = 'Do not use other knowledge about the company or its products.';
    expect(codes(`${CLEAN}\n${passage}`, { passages: [...sources.passages, passage] })).toEqual([]);
  });

  it.each([
    ['de', ['WRONG_LANGUAGE']],
    [null, []],
  ])('an English draft for a customer who writes %p', (wanted, expected) => {
    expect(codes(CLEAN, { language: { found: 'en', wanted } })).toEqual(expected);
  });
});
