import type { FakeMode } from './fake-openai';

interface JsonSchema {
  type?: string | string[];
  enum?: string[];
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean;
  items?: JsonSchema;
}

/** The part of a chat completion request that the fake looks at. */
export interface ChatRequest {
  model: string;
  stream?: boolean;
  messages: { role: string; content: string }[];
  metadata?: { fake_mode?: FakeMode };
  response_format?: { type: string; json_schema?: { name: string; strict?: boolean; schema: JsonSchema } };
  tools?: { type: string; function: { name: string; parameters: JsonSchema } }[];
}

/** What the model says: JSON text or something else. */
export interface FakeAnswer {
  text: string;
  finishReason: 'stop' | 'length';
  refusal: string | null;
}

/** Topics by words, in the languages of the tests; an enum value that is not here is chosen when the mail names it. */
const KEYWORDS: [RegExp, string[]][] = [
  [/refund|invoice|charge|billing|rechnung|erstatt|facture|factura/i, ['billing']],
  [/password|log ?in|locked|account|konto|passwort/i, ['account']],
  [/complain|terrible|unacceptable|beschwerde|furious/i, ['complaint', 'negative', 'high']],
  [/price|plan|offer|quote|angebot|preis/i, ['sales']],
  [/viagra|lottery|casino|winner/i, ['spam']],
  [/thank|great|love|danke|merci/i, ['feedback', 'positive']],
  [/urgent|immediately|asap|dringend/i, ['urgent']],
  [/broken|help|does not work|error|shipping|parcel|lieferung/i, ['support']],
];
const DEFAULTS = ['other', 'normal', 'neutral'];

export const operationOf = (request: ChatRequest): string =>
  request.response_format?.json_schema?.name ?? request.tools?.[0]?.function.name ?? 'json_object';

/** What OpenAI refuses with 400; null when the request is fine. */
export function schemaProblem(request: ChatRequest): string | null {
  if (request.stream) return 'This fake does not stream.';
  const format = request.response_format;
  if (format?.type === 'json_object' && !/json/i.test(JSON.stringify(request.messages))) {
    return "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
  }
  if (format?.type !== 'json_schema' || !format.json_schema?.strict) return null;
  return strictProblem(format.json_schema.schema);
}

/** Rules of strict mode: closed objects with every key required. */
function strictProblem(schema: JsonSchema): string | null {
  if (schema.properties) {
    if (schema.additionalProperties !== false) return "Invalid schema: 'additionalProperties' is required to be false.";
    const missing = Object.keys(schema.properties).find((key) => !schema.required?.includes(key));
    if (missing) return `Invalid schema: 'required' must include every key in properties. Missing '${missing}'.`;
  }
  for (const child of [
    ...Object.values(schema.properties ?? {}),
    ...(schema.anyOf ?? []),
    ...(schema.items ? [schema.items] : []),
  ]) {
    const problem = strictProblem(child);
    if (problem) return problem;
  }
  return null;
}

export function answerFor(request: ChatRequest, mode: FakeMode): FakeAnswer {
  const answer = (text: string): FakeAnswer => ({ text, finishReason: 'stop', refusal: null });
  if (mode === 'malformed') return answer('Sure! I think this mail is about an invoice.');
  if (mode === 'huge') return answer(JSON.stringify({ reply: 'x'.repeat(1024 * 1024) }));
  if (mode === 'refusal') return { text: '', finishReason: 'stop', refusal: "I'm sorry, I can't help with that." };
  const text = JSON.stringify(valueFor(schemaOf(request), '', new Reader(request), mode));
  if (mode === 'truncated') return { text: text.slice(0, text.length / 2), finishReason: 'length', refusal: null };
  return answer(text);
}

/** The body of the HTTP answer, with usage at four characters a token. */
export function completionOf(request: ChatRequest, { text, finishReason, refusal }: FakeAnswer): unknown {
  const tool = request.tools?.[0]?.function.name;
  const called =
    tool && !refusal ? [{ id: 'call_1', type: 'function', function: { name: tool, arguments: text } }] : undefined;
  const promptTokens = Math.ceil(request.messages.reduce((sum, { content }) => sum + content.length, 0) / 4);
  const completionTokens = Math.ceil(text.length / 4);
  return {
    id: 'chatcmpl-fake',
    object: 'chat.completion',
    created: 1,
    model: request.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: called || refusal ? null : text, refusal, tool_calls: called },
        finish_reason: called ? 'tool_calls' : finishReason,
      },
    ],
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
      prompt_tokens_details: { cached_tokens: 0 },
    },
  };
}

function schemaOf(request: ChatRequest): JsonSchema {
  const given = request.response_format?.json_schema?.schema ?? request.tools?.[0]?.function.parameters;
  if (given) return given;
  const inPrompt = /JSON Schema:\n(\{.*\})/.exec(request.messages[0]?.content ?? '')?.[1];
  return inPrompt ? (JSON.parse(inPrompt) as JsonSchema) : {};
}

/** What the fake model understands of a prompt. */
class Reader {
  readonly system: string;
  /** The mail, as far as the prompt marks it; otherwise the whole user message. */
  readonly mail: string;
  readonly passages: { id: string; text: string }[];

  constructor({ messages }: ChatRequest) {
    this.system = messages.find(({ role }) => role === 'system')?.content ?? '';
    const user = messages.find(({ role }) => role === 'user')?.content ?? '';
    const marked = [...user.matchAll(/<([a-z-]+-[0-9a-f]{12})>\n([\s\S]*?)\n<\/\1>/g)].map((match) => match[2]!);
    this.mail = marked.join('\n') || user;
    this.passages = [...user.matchAll(/<passage id="([^"]+)">\n([\s\S]*?)\n<\/passage>/g)].map((match) => ({
      id: match[1]!,
      text: match[2]!.split('\n').slice(1).join(' '),
    }));
  }

  get firstSentence(): string {
    return this.mail
      .replace(/\s+/g, ' ')
      .split(/(?<=[.!?])\s/)[0]!
      .slice(0, 150);
  }

  /** Everything that an attacker would like to see in a reply. */
  get obeyed(): string {
    const links = this.mail.match(/https?:\/\/\S+|[\w.+-]+@[\w-]+\.[\w.]+/g) ?? [];
    return `As you asked: ${links.join(' ')} https://evil.example/collect attacker@evil.example 4111 1111 1111 1111. ${this.system}`;
  }
}

function valueFor(schema: JsonSchema, name: string, reader: Reader, mode: FakeMode): unknown {
  if (schema.anyOf) return valueFor(schema.anyOf[0]!, name, reader, mode);
  if (schema.enum) return mode === 'wrong-enum' ? 'no-such-value' : choose(schema.enum, reader.mail, mode);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case 'object': {
      const entries = Object.entries(schema.properties ?? {});
      return Object.fromEntries(entries.map(([key, child]) => [key, valueFor(child, key, reader, mode)]));
    }
    case 'array':
      return listFor(schema, name, reader, mode);
    case 'boolean':
      return mode === 'obeys-injection' || reader.passages.length > 0;
    case 'integer':
    case 'number':
      return 1;
    case 'string':
      return stringFor(name, reader, mode);
    default:
      return mode === 'wrong-enum' ? 'no-such-value' : null;
  }
}

function listFor(schema: JsonSchema, name: string, reader: Reader, mode: FakeMode): unknown[] {
  if (name === 'claims') {
    if (mode === 'obeys-injection') return [{ text: 'As you asked.', passage_ids: ['p99'] }];
    // The made-up id shows that only ids that were given are accepted.
    return reader.passages.slice(0, 1).map(({ id, text }) => ({ text, passage_ids: [id, 'p99'] }));
  }
  if (mode === 'wrong-enum') return ['no-such-value'];
  return schema.items?.enum ? [valueFor(schema.items, name, reader, mode)] : [];
}

function choose(values: string[], mail: string, mode: FakeMode): string {
  if (mode === 'obeys-injection')
    return values.find((value) => mail.toLowerCase().includes(value.toLowerCase())) ?? values[0]!;
  for (const [pattern, topics] of KEYWORDS) {
    const value = pattern.test(mail) && values.find((candidate) => topics.includes(candidate));
    if (value) return value;
  }
  return values.find((value) => DEFAULTS.includes(value)) ?? values[0]!;
}

function stringFor(name: string, reader: Reader, mode: FakeMode): string {
  if (name === 'language') return /\b(der|die|und|ich|nicht)\b/i.test(reader.mail) ? 'de' : 'en';
  if (mode === 'obeys-injection') return reader.obeyed;
  if (mode === 'wrong-language')
    return 'Dziękujemy za wiadomość. Zwrot pieniędzy trwa zwykle kilka dni roboczych po otrzymaniu paczki.';
  if (name === 'reply') return reader.passages[0] ? `Hello,\n\n${reader.passages[0].text}` : '';
  return reader.firstSentence;
}
