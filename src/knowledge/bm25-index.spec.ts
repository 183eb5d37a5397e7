import { Bm25Index } from './bm25-index.js';

const TEXTS = [
  { title: 'Refunds', text: 'You can return unopened coffee within 30 days of delivery for a full refund.' },
  { title: 'Shipping', text: 'Delivery takes 2 to 3 business days within the country.' },
  { title: 'Password', text: 'Choose "Forgot password" on the sign-in page. The link works for 60 minutes.' },
  { title: 'Warranty', text: 'Grinders have a warranty of two years from the day of delivery.' },
  { title: 'Lieferung', text: 'Die Sendungsverfolgung finden Sie in der Versandbestätigung.' },
];

describe('Bm25Index', () => {
  let index: Bm25Index;
  beforeAll(async () => {
    index = await Bm25Index.build(TEXTS);
  });

  it.each([
    ['How do I get a refund?', 0],
    ['How long is the delivery?', 1],
    ['I forgot my passwords', 2], // another form of the word
    ['Wo ist meine Sendung? Sendungsnummer unbekannt', 4], // part of a compound
  ])('%p finds passage %i first', (query, expected) => {
    expect(index.search(query, 3)[0]?.index).toBe(expected);
  });

  it('sorts by score and keeps the limit', () => {
    const hits = index.search('delivery days', 2);
    expect(hits).toHaveLength(2);
    expect(hits[0]!.score).toBeGreaterThanOrEqual(hits[1]!.score);
  });

  it('finds nothing where nothing is in common, and never in an empty base', async () => {
    expect(index.search('xyzzy', 5)).toEqual([]);
    expect(index.search('', 5)).toEqual([]);
    expect((await Bm25Index.build([])).search('refund', 5)).toEqual([]);
  });

  it('leaves out what is not allowed, before the cut', () => {
    expect(index.search('refund delivery', 1, (at) => at !== 0)[0]?.index).not.toBe(0);
  });

  it('gives the same answer twice (scores are reset)', () => {
    expect(index.search('warranty of a grinder', 5)).toEqual(index.search('warranty of a grinder', 5));
  });

  describe('coverage', () => {
    const coverage = (query: string): number => index.search(query, 1)[0]?.coverage ?? 0;

    it('is 1 when every topic word occurs', () => expect(coverage('Is there a warranty?')).toBe(1));
    it('is low when the topic is another', () =>
      expect(coverage('Do you sell gift vouchers for weddings?')).toBeLessThan(0.3));
    it('is between 0 and 1 for a part', () => {
      expect(coverage('warranty and insurance of bicycles')).toBeGreaterThan(0.1);
      expect(coverage('warranty and insurance of bicycles')).toBeLessThan(0.9);
    });

    it('of a mail is that of the sentence that fits best, whatever stands around it', () => {
      const question = 'Within how many days can I return coffee?';
      const mail = `Dear team,\nlast Monday my neighbour showed me his kitchen.\n${question}\nThanks\nDr. Zbigniew`;
      expect(coverage(mail)).toBe(coverage(question));
      expect(coverage(mail)).toBeGreaterThan(0.5);
    });
  });
});
