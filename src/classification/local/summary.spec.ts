import { bareSubject, MAX_SUMMARY_LENGTH, shorten, summarize } from './summary.js';

const mail = (text: string, subject = '', attachmentNames: string[] = []) => ({ subject, text, attachmentNames });

describe('summarize', () => {
  it.each([
    ['Hi team,\n\nMy order has not arrived yet. Where is it?', 'My order has not arrived yet.'],
    ['Hello Mrs Miller,\nI hope you are well. I cannot open the attached file.', 'I cannot open the attached file.'],
    ['Dear Sir or Madam,\n\nthe invoice 4711 shows a wrong amount.', 'the invoice 4711 shows a wrong amount.'],
    [
      'Thank you for your quick reply. The error still occurs after the restart.',
      'The error still occurs after the restart.',
    ],
    [
      'Sehr geehrte Damen und Herren,\n\nder Drucker druckt nicht mehr. Bitte helfen Sie.',
      'der Drucker druckt nicht mehr.',
    ],
    [
      'Hallo Frau Schmidt,\nich hoffe, es geht Ihnen gut. Meine Rechnung fehlt leider noch.',
      'Meine Rechnung fehlt leider noch.',
    ],
    ['Bonjour,\n\nJe voudrais annuler mon abonnement. Merci.', 'Je voudrais annuler mon abonnement.'],
    ['Estimados señores:\n\nNo puedo iniciar sesión en mi cuenta.', 'No puedo iniciar sesión en mi cuenta.'],
    ['Buongiorno,\nnon riesco ad accedere al mio conto.', 'non riesco ad accedere al mio conto.'],
    ['Hi, my name is Bob. The app crashes when I open it.', 'The app crashes when I open it.'],
  ])('skips greeting and small talk of %j', (text, summary) => {
    expect(summarize(mail(text))).toBe(summary);
  });

  it('joins the lines of a wrapped sentence', () => {
    expect(summarize(mail('The page that shows my\norders is empty since\nthe update.'))).toBe(
      'The page that shows my orders is empty since the update.',
    );
  });

  it('leads a text of few words in with the subject', () => {
    expect(summarize(mail('Please help!', 'Re: AW: Printer offline'))).toBe('Printer offline: Please help!');
  });

  it.each([
    [mail('', 'Fwd: Question'), 'Question'],
    [mail('Hello,\n\n', ''), 'No text'],
    [mail('', '', ['scan.pdf', 'photo.jpg']), 'No text, 2 attachment(s)'],
  ])('says something about a mail without text', (empty, summary) => {
    expect(summarize(empty)).toBe(summary);
  });

  it('never exceeds 200 characters', () => {
    const summary = summarize(mail(`The ${'very '.repeat(100)}long sentence.`));

    expect(summary.length).toBeLessThanOrEqual(MAX_SUMMARY_LENGTH);
    expect(summary).toMatch(/very…$/);
  });

  it('stays fast on text made to slow it down', () => {
    const startedAt = performance.now();
    summarize(mail(`${'dear '.repeat(20_000)}\n${'hi, '.repeat(20_000)}`));

    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('shorten', () => {
  it('does not cut through a surrogate pair', () => {
    expect(shorten('😀'.repeat(10), 10)).toBe(`${'😀'.repeat(4)}…`);
  });
});

describe('bareSubject', () => {
  it.each([
    ['Re: Re[2]: FW: Hello', 'Hello'],
    ['AW: WG: Rechnung', 'Rechnung'],
    ['Return label', 'Return label'],
  ])('turns %j into %j', (subject, bare) => {
    expect(bareSubject(subject)).toBe(bare);
  });
});
