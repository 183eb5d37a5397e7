import { AppError } from '../../common/errors.js';
import type { LocalModel } from './local-model.js';
import { TextClassifier } from './text-classifier.js';
import { TfidfVectorizer } from './tfidf.js';

/** First four bytes of a serialised model. */
const MAGIC = 'MWLM';
const FORMAT = 1;
const PREFIX_BYTES = 8;
const HEADS = ['category', 'sentiment', 'priority'] as const;

interface HeadHeader {
  labels: string[];
  featureCount: number;
  /** Length of the feature keys, UTF-8, joined by line feeds (no key contains one). */
  keyBytes: number;
}

interface Header {
  format: number;
  version: string;
  temperature: number | null;
  heads: Record<(typeof HEADS)[number], HeadHeader>;
}

const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/**
 * The model as bytes: "MWLM", length of the JSON header (u32, little endian), header, then for each head its keys, idf
 * (f32), weights (i8), scales (f32) and bias (f32) in the byte order of the machine. It goes from the training thread to
 * the main one without copying, and can be kept in a file.
 */
export function serializeModel(model: LocalModel): Uint8Array<ArrayBuffer> {
  const sections: Uint8Array[] = [];
  const headHeader = (classifier: TextClassifier): HeadHeader => {
    const keys = Buffer.from(classifier.vectorizer.keys.join('\n'));
    const { weights, scales, bias } = classifier.quantized;
    sections.push(keys, ...[classifier.vectorizer.idf, weights, scales, bias].map(bytesOf));
    return {
      labels: [...classifier.labels],
      featureCount: classifier.vectorizer.keys.length,
      keyBytes: keys.length,
    };
  };
  const header: Header = {
    format: FORMAT,
    version: model.version,
    temperature: model.temperature,
    heads: {
      category: headHeader(model.category),
      sentiment: headHeader(model.sentiment),
      priority: headHeader(model.priority),
    },
  };
  const headerBytes = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.write(MAGIC, 'latin1');
  prefix.writeUInt32LE(headerBytes.length, MAGIC.length);
  const parts = [prefix, headerBytes, ...sections];
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    file.set(part, offset);
    offset += part.length;
  }
  return file;
}

/** Takes sections off the front of the bytes; every array gets a buffer of its own, so alignment does not matter. */
class SectionReader {
  private offset = 0;

  constructor(private readonly bytes: Uint8Array) {}

  take(length: number): Uint8Array<ArrayBuffer> {
    if (!Number.isSafeInteger(length) || length < 0 || this.offset + length > this.bytes.length) throw unreadable();
    return new Uint8Array(this.bytes.slice(this.offset, (this.offset += length)));
  }

  floats(count: number): Float32Array {
    return new Float32Array(this.take(count * Float32Array.BYTES_PER_ELEMENT).buffer);
  }

  assertEnd(): void {
    if (this.offset !== this.bytes.length) throw unreadable();
  }
}

const unreadable = (cause?: unknown): AppError =>
  new AppError('INTERNAL', 'The serialised classifier is damaged or of another format; train it again.', { cause });

/** @throws AppError INTERNAL when the bytes are not a whole model of this format */
export function parseModel(bytes: Uint8Array): LocalModel {
  const reader = new SectionReader(bytes);
  const prefix = Buffer.from(reader.take(PREFIX_BYTES));
  if (prefix.toString('latin1', 0, MAGIC.length) !== MAGIC) throw unreadable();
  const header = parseHeader(reader.take(prefix.readUInt32LE(MAGIC.length)));
  const head = ({ labels, featureCount, keyBytes }: HeadHeader): TextClassifier => {
    const text = Buffer.from(reader.take(keyBytes)).toString();
    const keys = text === '' ? [] : text.split('\n');
    if (keys.length !== featureCount) throw unreadable();
    const vectorizer = new TfidfVectorizer(keys, reader.floats(featureCount));
    const weights = new Int8Array(reader.take(featureCount * labels.length).buffer);
    const scales = reader.floats(labels.length);
    return new TextClassifier(labels, vectorizer, { weights, scales, bias: reader.floats(labels.length) });
  };
  // In the order in which they were written.
  const [category, sentiment, priority] = HEADS.map((name) => head(header.heads[name])) as [
    TextClassifier,
    TextClassifier,
    TextClassifier,
  ];
  reader.assertEnd();
  return { version: header.version, temperature: header.temperature, category, sentiment, priority };
}

function parseHeader(bytes: Uint8Array): Header {
  let header: Header;
  try {
    header = JSON.parse(Buffer.from(bytes).toString()) as Header;
  } catch (error) {
    throw unreadable(error);
  }
  if (header.format !== FORMAT) throw unreadable();
  return header;
}
