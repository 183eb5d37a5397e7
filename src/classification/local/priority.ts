import { PRIORITIES, type Priority, type Sentiment } from '../../mail/message/email.types.js';
import { type CueKind, PRIORITY_CUES } from './priority-cues.js';
import { foldText } from './text-features.js';

/** What the priority is made of. */
export interface PriorityInput {
  subject: string;
  text: string;
  category: string;
  sentiment: Sentiment;
  /** What the trained head says with its probability; null when it has nothing to go by. */
  vote: { priority: Priority; probability: number } | null;
}

export interface PriorityAnswer {
  priority: Priority;
  /** The cues that were found, strongest first. */
  cues: CueKind[];
}

/** Points that a category brings along: a complaint is seldom leisurely, an idea for the product never urgent. */
const CATEGORY_POINTS: Readonly<Record<string, number>> = {
  complaint: 1.25,
  account: 0.5,
  support: 0.5,
  billing: 0.5,
  sales: 0.5,
  feedback: -1.5,
  other: -1,
};

/** Least points of each level above `low`. */
const NORMAL_FROM = -0.4;
const HIGH_FROM = 2;
const URGENT_FROM = 4.5;

/** The head moves the points toward its own level by at most this much: text alone says little about priority. */
const MAX_VOTE_POINTS = 1;
const LEVEL_POINTS: Readonly<Record<Priority, number>> = { low: -1.5, normal: 0.5, high: 3, urgent: 5 };

const NEVER_URGENT = ['spam'];

const hasShouting = (subject: string, text: string): boolean =>
  /!{2,}|\?!|!\?/.test(`${subject} ${text}`) || (/\p{Lu}{4,}/u.test(subject) && subject === subject.toUpperCase());

/** "Not urgent" is no deadline: a cue that is negated right before it is taken out of the text first. */
const NEGATED =
  /(?:\bno(?:t|n|thing)?\b|isn't|\bpas\b|\brien d.|\bsans\b|\bnicht\b|\bkeine?\b|\bsin\b|\bnada\b) (?:\S+ ){0,2}?(?:urgent\w*|urgence|urgency|dringend\w*|eilig|urgencia)/gu;

/**
 * Priority by rules, with the trained head as one vote. Points of deadline, outage, security, legal and other cues (en, de,
 * fr, es), tone, category and vote add up to one of four levels. Spam is low whatever it shouts.
 */
export function priorityOf(input: PriorityInput): PriorityAnswer {
  if (NEVER_URGENT.includes(input.category)) return { priority: 'low', cues: [] };
  const folded = foldText(`${input.subject}\n${input.text}`).replaceAll('’', "'").replace(/\s+/g, ' ');
  const withoutNegated = folded.replace(NEGATED, ' ');
  const found = PRIORITY_CUES.filter(({ kind, patterns }) =>
    patterns.some((pattern) => pattern.test(kind === 'no_hurry' ? folded : withoutNegated)),
  );
  const points =
    found.reduce((sum, cue) => sum + cue.points, 0) +
    (CATEGORY_POINTS[input.category] ?? 0) +
    (input.sentiment === 'negative' ? 0.5 : input.sentiment === 'positive' ? -0.5 : 0) +
    (hasShouting(input.subject, input.text) ? 1 : 0);
  const cues = [...found].sort((a, b) => Math.abs(b.points) - Math.abs(a.points)).map((cue) => cue.kind);
  return { priority: levelOf(points + votePoints(points, found.length > 0, input.vote)), cues };
}

function votePoints(points: number, hasCues: boolean, vote: PriorityInput['vote']): number {
  if (!vote) return 0;
  const distance = LEVEL_POINTS[vote.priority] - points;
  const strength = MAX_VOTE_POINTS * vote.probability;
  // A cue is there in so many words: the head, which is right two times out of three, must not talk it away.
  const lowest = hasCues ? 0 : -strength;
  return Math.max(lowest, Math.min(strength, distance));
}

function levelOf(points: number): Priority {
  if (points >= URGENT_FROM) return 'urgent';
  if (points >= HIGH_FROM) return 'high';
  return points >= NORMAL_FROM ? 'normal' : 'low';
}

/** Whether a label of the trained head is a priority. */
export const isPriority = (label: string): label is Priority => (PRIORITIES as readonly string[]).includes(label);
