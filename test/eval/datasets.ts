import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabelledText } from '../../src/classification/local/text-classifier';
import { sharedData } from '../support/shared-data';

export interface Dataset {
  name: string;
  train: LabelledText[];
  test: LabelledText[];
  /** Accuracy that research measured on the same split; the product must stay within 0.01 of it. */
  reference: number | null;
}

/** Rows of a CSV text with quoted fields (RFC 4180), without the header. */
function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const match of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === ',') continue;
    if (row.length > 1) rows.push(row);
    row = [];
  }
  return rows.slice(1);
}

const csvExamples = (file: string): LabelledText[] =>
  csvRows(readFileSync(file, 'utf8')).map(([text, label]) => ({ text: text!, label: label! }));

/** A fifth of the texts, chosen by hash: the same text is never on both sides. */
const isTest = ({ text }: LabelledText): boolean =>
  BigInt(`0x${createHash('sha1').update(text).digest('hex')}`) % 5n === 0n;

function banking77(): Dataset | null {
  const folder = sharedData('banking77');
  if (!folder) return null;
  const [train, test] = ['train.csv', 'test.csv'].map((file) => csvExamples(join(folder, file)));
  return { name: 'banking77', train: train!, test: test!, reference: 0.918 };
}

function itServiceTickets(): Dataset | null {
  const folder = sharedData('it-service-tickets');
  if (!folder) return null;
  const all = csvExamples(join(folder, 'tickets_head.csv'));
  return {
    name: 'it-service-tickets',
    train: all.filter((example) => !isTest(example)),
    test: all.filter(isTest),
    reference: 0.848,
  };
}

/** Every third intent of CLINC150: the whole set would take longer than all the rest. */
function clinc150(): Dataset | null {
  const folder = sharedData('clinc150');
  if (!folder) return null;
  const data = JSON.parse(readFileSync(join(folder, 'data_full.json'), 'utf8')) as Record<string, [string, string][]>;
  const intents = [...new Set(data.train!.map(([, label]) => label))].sort().filter((_, index) => index % 3 === 0);
  const pick = (part: string): LabelledText[] =>
    data[part]!.filter(([, label]) => intents.includes(label)).map(([text, label]) => ({ text, label }));
  return { name: 'clinc150 (50 intents)', train: pick('train'), test: pick('test'), reference: null };
}

/** The public sets that are on this machine. */
export const publicDatasets = (): Dataset[] =>
  [banking77(), itServiceTickets(), clinc150()].filter((dataset) => dataset !== null);
