import { connect, type Socket } from 'node:net';
import { deserialize, serialize, type Document } from 'bson';

/** A client that says exactly what it is told to, for what drivers do not let one say. */
export class RawClient {
  private received = Buffer.alloc(0);
  private waiting: Array<() => void> = [];
  closed = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      for (const wake of this.waiting.splice(0)) wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
      for (const wake of this.waiting.splice(0)) wake();
    });
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    return new RawClient(socket);
  }

  /** An OP_MSG with this body. */
  static message(body: Document, flags = 0, requestId = 1): Buffer {
    const document = serialize(body);
    const head = Buffer.alloc(21);
    head.writeInt32LE(head.length + document.length, 0);
    head.writeInt32LE(requestId, 4);
    head.writeInt32LE(2013, 12);
    head.writeUInt32LE(flags, 16);
    return Buffer.concat([head, document]);
  }

  async command(body: Document): Promise<Document> {
    this.socket.write(RawClient.message(body));
    return (await this.next()).body;
  }

  /** The next reply; rejects when the server closes the connection instead. */
  async next(): Promise<{ responseTo: number; body: Document }> {
    while (this.received.length < 4 || this.received.length < this.received.readInt32LE(0)) {
      if (this.closed) throw new Error('connection closed');
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    const size = this.received.readInt32LE(0);
    const message = this.received.subarray(0, size);
    this.received = this.received.subarray(size);
    const isReply = message.readInt32LE(12) === 1;
    return { responseTo: message.readInt32LE(8), body: deserialize(message.subarray(isReply ? 36 : 21)) };
  }

  close(): void {
    this.socket.destroy();
  }
}
