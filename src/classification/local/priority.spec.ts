import { priorityOf, type PriorityInput } from './priority.js';

const input = (text: string, extra: Partial<PriorityInput> = {}): PriorityInput => ({
  subject: '',
  text,
  category: 'support',
  sentiment: 'neutral',
  vote: null,
  ...extra,
});

describe('priorityOf', () => {
  it.each([
    ['outage', 'Our production system is down since eight.'],
    ['outage', 'Der Server ist nicht erreichbar.'],
    ['outage', 'Le site est en panne.'],
    ['outage', 'El servidor está caído.'],
    ['security', 'Someone has accessed my data, I was hacked.'],
    ['security', 'Mein Konto wurde gehackt.'],
    ['security', 'Mon compte a été piraté.'],
    ['security', 'Han hackeado mi cuenta: acceso no autorizado.'],
  ] as const)('makes %s urgent: %s', (cue, text) => {
    const answer = priorityOf(input(text));

    expect(answer.priority).toBe('urgent');
    expect(answer.cues[0]).toBe(cue);
  });

  it.each([
    ['legal', 'I will hand this to my lawyer.'],
    ['legal', 'Ich schalte meinen Anwalt ein.'],
    ['legal', 'Je vais saisir le tribunal.'],
    ['legal', 'Hablaré con mi abogado.'],
    ['deadline', 'I need it by tomorrow.'],
    ['deadline', 'Ich brauche das dringend.'],
    ['deadline', "Il me le faut d'ici demain."],
    ['deadline', 'Lo necesito cuanto antes.'],
  ] as const)('makes %s at least high: %s', (cue, text) => {
    const answer = priorityOf(input(text));

    expect(['high', 'urgent']).toContain(answer.priority);
    expect(answer.cues).toContain(cue);
  });

  it.each([
    'How do I export my contacts?',
    'Wie exportiere ich meine Kontakte?',
    'Comment exporter mes contacts ?',
    '¿Cómo exporto mis contactos?',
  ])('leaves an ordinary question normal: %s', (text) => {
    expect(priorityOf(input(text))).toEqual({ priority: 'normal', cues: [] });
  });

  it.each([
    'This is not urgent, whenever you have time.',
    'Das ist nicht dringend.',
    "Ce n'est pas urgent.",
    'No es urgente.',
  ])('believes that there is no hurry: %s', (text) => {
    expect(priorityOf(input(text)).priority).toBe('low');
  });

  it('keeps spam low whatever it shouts', () => {
    expect(priorityOf(input('URGENT!!! Your account was hacked, act immediately', { category: 'spam' })).priority).toBe(
      'low',
    );
  });

  it('weighs tone: the same complaint is higher when it is angry', () => {
    const text = 'You promised to call back. No answer so far.';
    const calm = priorityOf(input(text, { category: 'billing' }));
    const angry = priorityOf(input(`${text} Unbelievable!!`, { category: 'billing', sentiment: 'negative' }));

    expect([calm.priority, angry.priority]).toEqual(['normal', 'high']);
  });

  it('lets the trained head tip the balance but not overrule the cues', () => {
    const vote = { priority: 'low', probability: 1 } as const;

    expect(priorityOf(input('How does it work?', { category: 'other', vote: null })).priority).toBe('low');
    expect(priorityOf(input('Where is it?', { vote })).priority).toBe('low');
    expect(priorityOf(input('Our server is down, nobody can work!!', { vote })).priority).toBe('urgent');
  });

  it('stays fast on text made to slow it down', () => {
    const startedAt = performance.now();
    priorityOf(input(`${'kann '.repeat(4_000)}${'not '.repeat(4_000)}`));

    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
