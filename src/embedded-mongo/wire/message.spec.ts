import { deflateSync } from 'node:zlib';
import { serialize, type Document } from 'bson';
import { parseMessage, ProtocolError } from './message.js';
import { MessageReader } from './message-reader.js';
import { frameReply } from './reply.js';

const document = (body: Document): Buffer => Buffer.from(serialize(body));

function message(opCode: number, ...parts: Buffer[]): Buffer {
  const head = Buffer.alloc(16);
  const whole = Buffer.concat([head, ...parts]);
  whole.writeInt32LE(whole.length, 0);
  whole.writeInt32LE(42, 4);
  whole.writeInt32LE(opCode, 12);
  return whole;
}

const flags = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const body = (doc: Document): Buffer => Buffer.concat([Buffer.from([0]), document(doc)]);

function sequence(name: string, ...docs: Document[]): Buffer {
  const content = Buffer.concat([Buffer.from(`${name}\0`), ...docs.map(document)]);
  const head = Buffer.alloc(5);
  head[0] = 1;
  head.writeInt32LE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}

describe('parseMessage', () => {
  it('reads body and document sequences of an OP_MSG, in any order', () => {
    const bytes = message(2013, flags(0), sequence('documents', { a: 1 }, { a: 2 }), body({ insert: 'x' }));
    const request = parseMessage(bytes);
    expect(request).toMatchObject({ requestId: 42, legacy: false, moreToCome: false, compressed: false });
    expect(request.body).toEqual(document({ insert: 'x' }));
    expect(request.sequences.get('documents')).toEqual([document({ a: 1 }), document({ a: 2 })]);
  });

  it('ignores the check sum and sees moreToCome', () => {
    const bytes = message(2013, flags(1 | 2), body({ ping: 1 }), Buffer.alloc(4, 0xee));
    expect(parseMessage(bytes)).toMatchObject({ moreToCome: true, body: document({ ping: 1 }) });
  });

  it('reads the handshake of an OP_QUERY', () => {
    const bytes = message(2004, flags(0), Buffer.from('admin.$cmd\0'), Buffer.alloc(8), document({ ismaster: 1 }));
    expect(parseMessage(bytes)).toMatchObject({
      legacy: true,
      legacyDatabase: 'admin',
      body: document({ ismaster: 1 }),
    });
  });

  it('inflates OP_COMPRESSED', () => {
    const plain = message(2013, flags(0), body({ ping: 1 })).subarray(16);
    const head = Buffer.alloc(9);
    head.writeInt32LE(2013, 0);
    head.writeInt32LE(plain.length, 4);
    head[8] = 2;
    expect(parseMessage(message(2012, head, deflateSync(plain)))).toMatchObject({
      compressed: true,
      body: document({ ping: 1 }),
    });
  });

  it('does not inflate beyond what was announced', () => {
    const head = Buffer.alloc(9);
    head.writeInt32LE(2013, 0);
    head.writeInt32LE(50, 4);
    head[8] = 2;
    expect(() => parseMessage(message(2012, head, deflateSync(Buffer.alloc(10_000_000))))).toThrow(ProtocolError);
  });

  it.each([
    ['no body', message(2013, flags(0), sequence('documents', { a: 1 }))],
    ['two bodies', message(2013, flags(0), body({ a: 1 }), body({ a: 1 }))],
    ['two sequences of one name', message(2013, flags(0), body({ a: 1 }), sequence('d', {}), sequence('d', {}))],
    ['a required flag nobody knows', message(2013, flags(4), body({ a: 1 }))],
    ['a section of kind 2', message(2013, flags(0), Buffer.from([2]), document({ a: 1 }))],
    ['a document cut off', message(2013, flags(0), body({ a: 'long enough' }).subarray(0, 12))],
    ['a sequence longer than the message', message(2013, flags(0), Buffer.from([1, 99, 0, 0, 0]), document({ a: 1 }))],
    [
      'an OP_QUERY on a collection',
      message(2004, flags(0), Buffer.from('db.coll\0'), Buffer.alloc(8), document({ a: 1 })),
    ],
    ['an operation code nobody sends', message(2005, document({ a: 1 }))],
  ])('refuses %s', (_, bytes) => {
    expect(() => parseMessage(bytes)).toThrow(ProtocolError);
  });
});

describe('MessageReader', () => {
  const one = message(2013, flags(0), body({ ping: 1 }));
  const two = message(2013, flags(0), body({ hello: 1, padding: 'x'.repeat(300) }));

  it.each([1, 3, 7, 64, 1000])('cuts a stream of %i byte pieces into the same messages', (size) => {
    const stream = Buffer.concat([one, two, one]);
    const reader = new MessageReader();
    const messages: Buffer[] = [];
    for (let at = 0; at < stream.length; at += size) messages.push(...reader.push(stream.subarray(at, at + size)));
    expect(messages).toEqual([one, two, one]);
  });

  it('refuses a length it was not allowed, as soon as it is seen', () => {
    const reader = new MessageReader(100);
    expect(reader.push(one)).toHaveLength(1);
    expect(() => reader.push(two.subarray(0, 4))).toThrow(ProtocolError);
    const allowed = new MessageReader(100);
    allowed.allow(1000);
    expect(allowed.push(two)).toHaveLength(1);
  });
});

describe('frameReply', () => {
  const request = parseMessage(message(2013, flags(0), body({ ping: 1 })));

  it('answers OP_MSG with OP_MSG', () => {
    const reply = Buffer.concat(frameReply(request, document({ ok: 1 })));
    expect(reply.readInt32LE(8)).toBe(42);
    expect(parseMessage(reply).body).toEqual(document({ ok: 1 }));
  });

  it('answers large replies of compressed requests compressed', () => {
    const large = document({ text: 'x'.repeat(5000) });
    const reply = Buffer.concat(frameReply({ ...request, compressed: true }, large));
    expect(reply.length).toBeLessThan(200);
    expect(parseMessage(reply)).toMatchObject({ compressed: true, body: large });
  });
});
