import type { DraftStyle } from './reply.types.js';

/** Languages that frames of replies exist in. */
export const REPLY_LANGUAGES = ['en', 'de', 'fr', 'es', 'pt', 'it', 'nl'] as const;
export type ReplyLanguage = (typeof REPLY_LANGUAGES)[number];

interface Phrases {
  /** Name of the language in English, for prompts. */
  name: string;
  greeting: Record<DraftStyle['tone'], string>;
  /** First sentence by category; `default` for all others. */
  acknowledgement: Record<'default' | 'complaint' | 'feedback' | 'sales', string>;
  /** Stands before what the knowledge base says. */
  lead: string;
  /** Stands after it. */
  followUp: string;
  closing: Record<DraftStyle['tone'], string>;
}

/** Everything that our code, not a model, says to customers. */
export const PHRASES: Record<ReplyLanguage, Phrases> = {
  en: {
    name: 'English',
    greeting: { friendly: 'Hi', neutral: 'Hello', formal: 'Dear' },
    acknowledgement: {
      default: 'Thank you for your message.',
      complaint: 'Thank you for telling us, and we are sorry for the trouble.',
      feedback: 'Thank you for your feedback.',
      sales: 'Thank you for your interest.',
    },
    lead: 'Here is what we can tell you:',
    followUp: 'If this does not answer your question, simply reply to this e-mail.',
    closing: { friendly: 'Best wishes', neutral: 'Kind regards', formal: 'Yours sincerely' },
  },
  de: {
    name: 'German',
    greeting: { friendly: 'Hallo', neutral: 'Guten Tag', formal: 'Guten Tag' },
    acknowledgement: {
      default: 'vielen Dank für Ihre Nachricht.',
      complaint: 'danke, dass Sie uns das mitteilen; die Unannehmlichkeiten tun uns leid.',
      feedback: 'vielen Dank für Ihre Rückmeldung.',
      sales: 'vielen Dank für Ihr Interesse.',
    },
    lead: 'Das können wir Ihnen dazu sagen:',
    followUp: 'Falls Ihre Frage damit nicht beantwortet ist, antworten Sie einfach auf diese E-Mail.',
    closing: { friendly: 'Viele Grüße', neutral: 'Freundliche Grüße', formal: 'Mit freundlichen Grüßen' },
  },
  fr: {
    name: 'French',
    greeting: { friendly: 'Bonjour', neutral: 'Bonjour', formal: 'Bonjour' },
    acknowledgement: {
      default: 'Merci pour votre message.',
      complaint: 'Merci de nous en avoir informés ; nous sommes désolés pour ce désagrément.',
      feedback: 'Merci pour votre retour.',
      sales: 'Merci pour votre intérêt.',
    },
    lead: 'Voici ce que nous pouvons vous indiquer :',
    followUp: 'Si cela ne répond pas à votre question, répondez simplement à cet e-mail.',
    closing: {
      friendly: 'Bien à vous',
      neutral: 'Cordialement',
      formal: 'Veuillez agréer nos salutations distinguées',
    },
  },
  es: {
    name: 'Spanish',
    greeting: { friendly: 'Hola', neutral: 'Hola', formal: 'Buenos días' },
    acknowledgement: {
      default: 'Gracias por su mensaje.',
      complaint: 'Gracias por avisarnos; lamentamos las molestias.',
      feedback: 'Gracias por sus comentarios.',
      sales: 'Gracias por su interés.',
    },
    lead: 'Esto es lo que podemos decirle:',
    followUp: 'Si esto no responde a su pregunta, basta con responder a este correo.',
    closing: { friendly: 'Un saludo', neutral: 'Saludos cordiales', formal: 'Atentamente' },
  },
  pt: {
    name: 'Portuguese',
    greeting: { friendly: 'Olá', neutral: 'Olá', formal: 'Bom dia' },
    acknowledgement: {
      default: 'Obrigado pela sua mensagem.',
      complaint: 'Obrigado por nos avisar; lamentamos o incómodo.',
      feedback: 'Obrigado pelo seu comentário.',
      sales: 'Obrigado pelo seu interesse.',
    },
    lead: 'Eis o que podemos informar:',
    followUp: 'Se isto não responder à sua pergunta, basta responder a este e-mail.',
    closing: { friendly: 'Cumprimentos', neutral: 'Com os melhores cumprimentos', formal: 'Atenciosamente' },
  },
  it: {
    name: 'Italian',
    greeting: { friendly: 'Ciao', neutral: 'Buongiorno', formal: 'Buongiorno' },
    acknowledgement: {
      default: 'Grazie per il Suo messaggio.',
      complaint: 'Grazie per la segnalazione; ci scusiamo per il disagio.',
      feedback: 'Grazie per il Suo commento.',
      sales: 'Grazie per il Suo interesse.',
    },
    lead: 'Ecco che cosa possiamo dirLe:',
    followUp: 'Se questo non risponde alla Sua domanda, risponda semplicemente a questa e-mail.',
    closing: { friendly: 'Un saluto', neutral: 'Cordiali saluti', formal: 'Distinti saluti' },
  },
  nl: {
    name: 'Dutch',
    greeting: { friendly: 'Hallo', neutral: 'Goedendag', formal: 'Goedendag' },
    acknowledgement: {
      default: 'Bedankt voor uw bericht.',
      complaint: 'Bedankt dat u dit meldt; onze excuses voor het ongemak.',
      feedback: 'Bedankt voor uw reactie.',
      sales: 'Bedankt voor uw interesse.',
    },
    lead: 'Dit kunnen wij u daarover zeggen:',
    followUp: 'Als dit uw vraag niet beantwoordt, reageer dan gewoon op deze e-mail.',
    closing: { friendly: 'Groeten', neutral: 'Met vriendelijke groet', formal: 'Hoogachtend' },
  },
};

export const replyLanguage = (language: string | null): ReplyLanguage =>
  REPLY_LANGUAGES.find((known) => known === language) ?? 'en';

/** A display name comes from the mail: only what looks like a name of a person is repeated to them. */
const NAME = /^\p{L}[\p{L}\p{M}'\u2019. -]{0,59}$/u;

/** The name to greet, or '' when the display name is something else; "Last, First" is turned round. */
export function greetableName(displayName: string): string {
  const parts = displayName
    .normalize('NFC')
    .trim()
    .split(/\s*,\s*/);
  const name = (parts.length === 2 ? `${parts[1]} ${parts[0]}` : (parts[0] ?? '')).replace(/\s+/g, ' ').trim();
  const isName = parts.length <= 2 && NAME.test(name) && !/\.\p{L}/u.test(name); // "evil.example" is no name
  return isName ? name : '';
}

export function greeting(language: ReplyLanguage, style: DraftStyle, customerName: string): string {
  const name = greetableName(customerName);
  // "Dear," alone is no greeting.
  const word = PHRASES[language].greeting[name === '' && style.tone === 'formal' ? 'neutral' : style.tone];
  return name === '' ? `${word},` : `${word} ${name},`;
}

export const signOff = (language: ReplyLanguage, style: DraftStyle): string =>
  `${PHRASES[language].closing[style.tone]}\n${style.signature || style.mailboxName}`;
