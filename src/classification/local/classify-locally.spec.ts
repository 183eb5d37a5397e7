import { DEFAULT_CATEGORIES } from '../classification.types.js';
import { classifyLocally } from './classify-locally.js';
import { MIN_CALIBRATION_LABELS, trainLocalModel } from './local-model.js';
import { bundledMails, bundledTerms, type TrainingItem } from './training-set.js';

const bundled = [...bundledMails(DEFAULT_CATEGORIES), ...bundledTerms(DEFAULT_CATEGORIES)];
const model = trainLocalModel(bundled);
const classify = (text: string, subject = '', categories: readonly string[] = DEFAULT_CATEGORIES) =>
  classifyLocally(model, { subject, text, attachmentNames: [] }, categories);

/** Fifty labels by people: mails that no bundled example resembles. */
const verified: TrainingItem[] = Array.from({ length: MIN_CALIBRATION_LABELS }, (_, index) => ({
  subject: `Vineyard ${index}`,
  text: index % 2 ? 'When does the grape harvest begin?' : 'The barrel leaks.',
  category: index % 2 ? 'sales' : 'support',
  sentiment: null,
  priority: null,
  weight: 1,
  isVerified: true,
}));

describe('classifyLocally with the bundled examples', () => {
  it.each([
    ['billing', 'My invoice shows I was charged twice'],
    ['account', "Can't log in after password reset"],
    ['sales', 'How much is the enterprise plan?'],
    ['support', 'Der Drucker druckt nicht'],
    ['billing', 'Je voudrais annuler mon abonnement'],
    ['support', 'La impresora no imprime'],
    ['billing', 'Where is my refund?'],
    ['account', 'Ich habe mein Passwort vergessen'],
    ['complaint', 'I am extremely unhappy with how your team handled this.'],
    ['complaint', 'Votre service est lamentable, je suis furieux.'],
    ['feedback', 'You guys are awesome, keep it up'],
    ['sales', 'Wie viel kostet das Premium-Paket?'],
    ['spam', 'WIN A FREE IPHONE NOW, click here'],
    ['other', 'I would like to apply for the internship, my CV is attached.'],
    ['support', 'The wifi keeps disconnecting'],
    ['sales', '¿Pueden enviarme un presupuesto para 50 licencias?'],
  ])('files as %s: %s', (category, text) => {
    expect(classify(text).category).toBe(category);
  });

  it.each([
    ['negative', 'Terrible service, I am furious and disappointed.'],
    ['positive', 'Thank you so much, everything works perfectly, great job!'],
    ['neutral', 'Please send me the invoice for March.'],
  ])('hears the %s tone of: %s', (sentiment, text) => {
    expect(classify(text).sentiment).toBe(sentiment);
  });

  it('explains itself with words of the mail and the cues it found', () => {
    const answer = classify('Our server is down and the printer is broken, please help.', 'Outage');

    expect(answer.priority).toBe('urgent');
    expect(answer.reason).toMatch(/printer|server/);
    expect(answer.reason).toContain('outage');
  });

  it('answers with an allowed category only', () => {
    expect(classify('My invoice shows I was charged twice', '', ['support', 'sales']).category).not.toBe('billing');
  });

  it.each(['', '¿?', '漢字'])('files a mail without a known word as other: %j', (text) => {
    const answer = classify(text);

    expect(answer).toMatchObject({ category: 'other', sentiment: 'neutral', confidence: null });
  });

  it('calls no number a confidence before people have labelled enough mails', () => {
    expect(classify('My invoice is wrong').confidence).toBeNull();
    const almost = trainLocalModel([...bundled, ...verified.slice(1)]);
    expect(almost.temperature).toBeNull();
  });
});

describe('classifyLocally after fifty labels by people', () => {
  const taught = trainLocalModel([...bundled, ...verified]);
  const ask = (text: string) => classifyLocally(taught, { subject: '', text, attachmentNames: [] }, DEFAULT_CATEGORIES);

  it('has learned what they taught', () => {
    expect(ask('A barrel leaks again').category).toBe('support');
    expect(ask('When is the grape harvest?').category).toBe('sales');
  });

  it('gives a calibrated confidence', () => {
    const { confidence } = ask('The barrel leaks.');

    expect(confidence).toBeGreaterThan(0.5);
    expect(confidence).toBeLessThanOrEqual(1);
  });

  it('has another version', () => {
    expect(taught.version).not.toBe(model.version);
    expect(taught.version).toMatch(/^local-1\+[0-9a-f]{8}$/);
  });
});
