import type { Draft, DraftPassage, DraftRequest } from '../reply.types.js';
import { LocalReplyEngine } from './local.engine.js';

const aPassage = (changes: Partial<DraftPassage> = {}): DraftPassage => ({
  id: 'p-refund',
  title: 'Refunds',
  heading: 'When',
  text: 'You can return unopened coffee within 30 days. Opened coffee cannot be returned.',
  coverage: 0.9,
  ...changes,
});

const aRequest = (changes: Partial<DraftRequest> = {}): DraftRequest => ({
  emailId: 'e1',
  mailboxId: 'm1',
  customerName: 'Anna Smith',
  subject: 'Return',
  text: 'Can I return unopened coffee?',
  history: [],
  category: 'billing',
  language: 'en',
  passages: [aPassage()],
  style: { tone: 'friendly', signature: '', mailboxName: 'Larkspur Coffee' },
  instruction: null,
  revision: 1,
  signal: new AbortController().signal,
  ...changes,
});

describe('LocalReplyEngine', () => {
  const engine = new LocalReplyEngine();
  const draft = async (changes: Partial<DraftRequest> = {}): Promise<Draft> => {
    const result = await engine.draft(aRequest(changes));
    if (result.kind !== 'draft') throw new Error(result.reason);
    return result;
  };

  it('frames quotations of the knowledge base, and cites each', async () => {
    const result = await draft();
    expect(result.text).toBe(
      [
        'Hi Anna Smith,',
        'Thank you for your message. Here is what we can tell you:',
        'You can return unopened coffee within 30 days. Opened coffee cannot be returned.',
        'If this does not answer your question, simply reply to this e-mail.',
        'Best wishes\nLarkspur Coffee',
      ].join('\n\n'),
    );
    expect(result.citations).toEqual([
      { passageId: 'p-refund', title: 'Refunds', claim: 'You can return unopened coffee within 30 days.' },
      { passageId: 'p-refund', title: 'Refunds', claim: 'Opened coffee cannot be returned.' },
    ]);
    for (const { claim } of result.citations) expect(result.text).toContain(claim);
  });

  it('says the same thing twice', async () => expect(await draft()).toEqual(await draft()));

  it.each([
    ['de', 'Hallo Anna Smith,', 'Viele Grüße'],
    ['fr', 'Bonjour Anna Smith,', 'Bien à vous'],
    ['es', 'Hola Anna Smith,', 'Un saludo'],
    ['pt', 'Olá Anna Smith,', 'Cumprimentos'],
    ['it', 'Ciao Anna Smith,', 'Un saluto'],
    ['nl', 'Hallo Anna Smith,', 'Groeten'],
    ['pl', 'Hi Anna Smith,', 'Best wishes'],
    [null, 'Hi Anna Smith,', 'Best wishes'],
  ])('writes the frame in %p', async (language, greeting, closing) => {
    const { text } = await draft({ language });
    expect(text.startsWith(greeting)).toBe(true);
    expect(text).toContain(`\n\n${closing}\nLarkspur Coffee`);
  });

  it('is sorry when it is a complaint', async () => {
    expect((await draft({ category: 'complaint' })).text).toContain('we are sorry');
  });

  it.each([
    ['spam', { category: 'spam' }],
    ['nothing found', { passages: [] }],
    ['nothing that covers the question', { passages: [aPassage({ coverage: 0.49 })] }],
  ])('has no answer: %s', async (_, changes) => {
    expect(await engine.draft(aRequest(changes))).toMatchObject({ kind: 'no_answer', engine: 'local' });
  });

  it('takes the stretch of a long passage that answers, not all of it', async () => {
    const text =
      'Our roastery opened in 1998. It has a big drum. You can return coffee within 30 days. The parcel must be closed. ' +
      'Returning a grinder works the same way. We also sell cups. Visitors are welcome.';
    const { text: reply } = await draft({
      text: 'How do I return coffee or a grinder?',
      passages: [aPassage({ text })],
    });
    expect(reply).toContain(
      'You can return coffee within 30 days. The parcel must be closed. Returning a grinder works',
    );
    expect(reply).not.toContain('1998');
    expect(reply).not.toContain('Visitors');
  });

  it('adds a second passage only for another part of the question', async () => {
    const same = aPassage({ id: 'p2', text: 'Return coffee that is unopened.' });
    const other = aPassage({ id: 'p3', text: 'The invoice with your company name is under Account.' });
    const question = 'Can I return unopened coffee, and get an invoice for my company?';
    const { citations } = await draft({ text: question, passages: [aPassage(), same, other] });
    expect([...new Set(citations.map(({ passageId }) => passageId))]).toEqual(['p-refund', 'p3']);
  });

  it('keeps the lines of a list', async () => {
    const { text } = await draft({ passages: [aPassage({ text: 'Do this:\n- open the app\n- tap Return' })] });
    expect(text).toContain('Do this:\n- open the app\n- tap Return');
  });
});
