import { deflateSync } from 'node:zlib';
import { HEADER_BYTES } from './limits.js';
import { OP, type Request } from './message.js';
import type { ReplyBuffer } from './reply-buffer.js';

/** Below this size zlib costs more than the bytes it saves on loopback. */
const COMPRESS_FROM_BYTES = 1024;
const ZLIB = 2;
const JOIN_UP_TO_BYTES = 16 * 1024;

let nextId = 1;

/** Wraps an encoded reply document as the answer to `request`: OP_REPLY for the legacy handshake, else OP_MSG. */
export function frameReply(request: Request, document: Buffer): Buffer[] {
  const head = request.legacy ? legacyHead(request, document.length) : msgHead(request, document.length);
  if (request.compressed && document.length >= COMPRESS_FROM_BYTES) return compress(head, document);
  // One write of a small message is cheaper than a gathered one; a large document is not copied again.
  return document.length <= JOIN_UP_TO_BYTES ? [Buffer.concat([head, document])] : [head, document];
}

/** As `frameReply`, for a reply that has room for its head: the message lies in the memory of the reply. */
export function frameInPlace(request: Request, reply: ReplyBuffer): Buffer[] {
  const { document } = reply;
  if (request.legacy || (request.compressed && document.length >= COMPRESS_FROM_BYTES)) {
    return frameReply(request, document);
  }
  const message = reply.withHead(HEADER_BYTES + 5);
  writeMsgHead(message, request, document.length);
  return [message];
}

function header(target: Buffer, length: number, responseTo: number, opCode: number): void {
  target.writeInt32LE(length, 0);
  target.writeInt32LE(nextId, 4);
  target.writeInt32LE(responseTo, 8);
  target.writeInt32LE(opCode, 12);
  nextId = (nextId + 1) & 0x7fffffff;
}

function msgHead(request: Request, size: number): Buffer {
  const head = Buffer.allocUnsafe(HEADER_BYTES + 5);
  writeMsgHead(head, request, size);
  return head;
}

function writeMsgHead(target: Buffer, request: Request, size: number): void {
  header(target, HEADER_BYTES + 5 + size, request.requestId, OP.msg);
  target.writeUInt32LE(0, HEADER_BYTES); // no flags
  target[HEADER_BYTES + 4] = 0; // section of kind 0: the body
}

function legacyHead(request: Request, size: number): Buffer {
  const head = Buffer.alloc(HEADER_BYTES + 20);
  header(head, head.length + size, request.requestId, OP.reply);
  head.writeInt32LE(8, HEADER_BYTES); // flag AwaitCapable, always set since MongoDB 1.6
  head.writeInt32LE(1, HEADER_BYTES + 16); // number returned
  return head;
}

function compress(head: Buffer, document: Buffer): Buffer[] {
  const plain = Buffer.concat([head.subarray(HEADER_BYTES), document]);
  const packed = deflateSync(plain);
  const outer = Buffer.allocUnsafe(HEADER_BYTES + 9);
  outer.writeInt32LE(outer.length + packed.length, 0);
  head.copy(outer, 4, 4, 12);
  outer.writeInt32LE(OP.compressed, 12);
  head.copy(outer, HEADER_BYTES, 12, 16); // the wrapped operation code
  outer.writeInt32LE(plain.length, HEADER_BYTES + 4);
  outer[HEADER_BYTES + 8] = ZLIB;
  return [outer, packed];
}
