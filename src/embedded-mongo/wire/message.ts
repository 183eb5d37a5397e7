import { inflateSync } from 'node:zlib';
import { HEADER_BYTES, MAX_INTERNAL_BSON_BYTES, MAX_MESSAGE_BYTES } from './limits.js';

export const OP = { reply: 1, query: 2004, compressed: 2012, msg: 2013 } as const;

const FLAG = { checksumPresent: 1, moreToCome: 2, exhaustAllowed: 1 << 16 } as const;
/** Bits 0-15 of an OP_MSG are required: an unknown one means the message cannot be understood. */
const KNOWN_REQUIRED_FLAGS = FLAG.checksumPresent | FLAG.moreToCome;

const COMPRESSOR = { noop: 0, zlib: 2 } as const;

/** The bytes of the peer do not form a MongoDB message; the connection cannot continue. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

/** A command as it came over the wire; nothing is decoded yet. */
export interface Request {
  requestId: number;
  /** Answer with OP_REPLY (handshake of older drivers) or OP_MSG. */
  legacy: boolean;
  /** The command document, raw BSON. */
  body: Buffer;
  /** Document sequences (kind 1), e.g. `documents`, `updates`: raw BSON each. */
  sequences: Map<string, Buffer[]>;
  /** The client expects no answer (write concern w: 0). */
  moreToCome: boolean;
  /** The request came compressed, so the answer may be compressed too. */
  compressed: boolean;
  /** Database of an OP_QUERY; OP_MSG names it in `$db`. */
  legacyDatabase?: string;
}

const NO_SEQUENCES: Map<string, Buffer[]> = new Map();

/**
 * Parses one complete message (header included).
 *
 * @throws ProtocolError
 * @see https://github.com/mongodb/specifications/blob/master/source/message/OP_MSG.md
 */
export function parseMessage(message: Buffer): Request {
  return parse(message.readInt32LE(4), message.readInt32LE(12), message.subarray(HEADER_BYTES), false);
}

function parse(requestId: number, opCode: number, body: Buffer, compressed: boolean): Request {
  switch (opCode) {
    case OP.msg:
      return parseOpMsg(requestId, body, compressed);
    case OP.query:
      return parseOpQuery(requestId, body, compressed);
    case OP.compressed:
      if (compressed) throw new ProtocolError('a compressed message may not be compressed again');
      return parseCompressed(requestId, body);
    default:
      throw new ProtocolError(`unknown operation code ${opCode}`);
  }
}

function parseCompressed(requestId: number, body: Buffer): Request {
  if (body.length < 9) throw new ProtocolError('compressed message is too short');
  const opCode = body.readInt32LE(0);
  const size = body.readInt32LE(4);
  const compressor = body.readUInt8(8);
  if (size < 0 || size > MAX_MESSAGE_BYTES) throw new ProtocolError('compressed message announces an impossible size');
  const data = body.subarray(9);
  if (compressor === COMPRESSOR.noop) return parse(requestId, opCode, data, true);
  if (compressor !== COMPRESSOR.zlib) throw new ProtocolError(`compressor ${compressor} was not negotiated`);
  const plain = inflate(data, size);
  if (plain.length !== size) throw new ProtocolError('compressed message has another size than announced');
  return parse(requestId, opCode, plain, true);
}

function inflate(data: Buffer, size: number): Buffer {
  try {
    return inflateSync(data, { maxOutputLength: Math.max(size, 1) });
  } catch (cause) {
    throw new ProtocolError('compressed message cannot be inflated', { cause });
  }
}

function parseOpMsg(requestId: number, message: Buffer, compressed: boolean): Request {
  if (message.length < 4 + 1 + 5) throw new ProtocolError('OP_MSG is too short');
  const flags = message.readUInt32LE(0);
  if ((flags & 0xffff & ~KNOWN_REQUIRED_FLAGS) !== 0) throw new ProtocolError('OP_MSG has unknown required flags');
  const end = flags & FLAG.checksumPresent ? message.length - 4 : message.length;
  let body: Buffer | undefined;
  let sequences = NO_SEQUENCES;
  let at = 4;
  while (at < end) {
    const kind = message[at++];
    if (kind === 0) {
      if (body) throw new ProtocolError('OP_MSG has two bodies');
      body = documentAt(message, at, end);
      at += body.length;
    } else if (kind === 1) {
      const { name, documents, next } = sequenceAt(message, at, end);
      if (sequences === NO_SEQUENCES) sequences = new Map();
      if (sequences.has(name)) throw new ProtocolError(`OP_MSG has two sequences called ${name}`);
      sequences.set(name, documents);
      at = next;
    } else {
      throw new ProtocolError(`OP_MSG has a section of unknown kind ${kind}`);
    }
  }
  if (!body) throw new ProtocolError('OP_MSG has no body');
  return { requestId, legacy: false, body, sequences, moreToCome: (flags & FLAG.moreToCome) !== 0, compressed };
}

function sequenceAt(message: Buffer, start: number, end: number) {
  if (start + 4 > end) throw new ProtocolError('document sequence is cut off');
  const next = start + message.readInt32LE(start);
  const nameEnd = message.indexOf(0, start + 4);
  if (next > end || nameEnd < 0 || nameEnd >= next) throw new ProtocolError('document sequence has a wrong size');
  const name = message.toString('utf8', start + 4, nameEnd);
  const documents: Buffer[] = [];
  let at = nameEnd + 1;
  while (at < next) {
    const document = documentAt(message, at, next);
    documents.push(document);
    at += document.length;
  }
  return { name, documents, next };
}

/** OP_QUERY survives only for the first `hello` of a connection; its collection is `<database>.$cmd`. */
function parseOpQuery(requestId: number, message: Buffer, compressed: boolean): Request {
  const nameEnd = message.indexOf(0, 4);
  if (nameEnd < 0 || nameEnd + 9 > message.length) throw new ProtocolError('OP_QUERY is too short');
  const namespace = message.toString('utf8', 4, nameEnd);
  if (!namespace.endsWith('.$cmd')) throw new ProtocolError('OP_QUERY is accepted for commands only');
  return {
    requestId,
    legacy: true,
    body: documentAt(message, nameEnd + 9, message.length),
    sequences: NO_SEQUENCES,
    moreToCome: false,
    compressed,
    legacyDatabase: namespace.slice(0, -'.$cmd'.length),
  };
}

function documentAt(message: Buffer, at: number, end: number): Buffer {
  if (at + 5 > end) throw new ProtocolError('document is cut off');
  const size = message.readInt32LE(at);
  if (size < 5 || at + size > end || message[at + size - 1] !== 0) throw new ProtocolError('document has a wrong size');
  if (size > MAX_INTERNAL_BSON_BYTES) throw new ProtocolError('document is larger than 16 MB');
  return message.subarray(at, at + size);
}
