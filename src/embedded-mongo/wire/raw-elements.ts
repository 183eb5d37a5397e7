import { ProtocolError } from './message.js';

/**
 * The raw sub-documents of a top-level array of `document`, or undefined where there is no such array. Used for
 * `documents` of an insert whose client does not send document sequences: they stay raw.
 */
export function rawDocumentArray(document: Buffer, name: string): Buffer[] | undefined {
  const wanted = Buffer.from(`\x04${name}\0`, 'utf8');
  let at = 4;
  while (at < document.length - 1) {
    if (document[at] === 0x04 && wanted.equals(document.subarray(at, at + wanted.length))) {
      return documentsIn(document, at + wanted.length);
    }
    const nameEnd = document.indexOf(0, at + 1);
    at = nameEnd + 1 + valueLength(document, document[at] as number, nameEnd + 1);
  }
  return undefined;
}

function documentsIn(document: Buffer, start: number): Buffer[] {
  const end = start + document.readInt32LE(start) - 1;
  const documents: Buffer[] = [];
  let at = start + 4;
  while (at < end) {
    if (document[at] !== 0x03) throw new ProtocolError('array holds something else than documents');
    const from = document.indexOf(0, at + 1) + 1;
    at = from + document.readInt32LE(from);
    documents.push(document.subarray(from, at));
  }
  return documents;
}

const FIXED: Record<number, number> = {
  1: 8,
  6: 0,
  7: 12,
  8: 1,
  9: 8,
  10: 0,
  16: 4,
  17: 8,
  18: 8,
  19: 16,
  127: 0,
  255: 0,
};

function valueLength(bytes: Buffer, type: number, at: number): number {
  const fixed = FIXED[type];
  if (fixed !== undefined) return fixed;
  switch (type) {
    case 2: // string, code, symbol
    case 13:
    case 14:
      return 4 + bytes.readInt32LE(at);
    case 3: // document, array, code with scope: the length counts itself
    case 4:
    case 15:
      return bytes.readInt32LE(at);
    case 5:
      return 5 + bytes.readInt32LE(at);
    case 11: {
      const pattern = bytes.indexOf(0, at) + 1;
      return bytes.indexOf(0, pattern) + 1 - at;
    }
    case 12:
      return 4 + bytes.readInt32LE(at) + 12;
    default:
      throw new ProtocolError(`unknown BSON type ${type}`);
  }
}
