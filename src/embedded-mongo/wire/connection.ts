import type { Socket } from 'node:net';
import { MAX_MESSAGE_BYTES, MAX_UNAUTHENTICATED_MESSAGE_BYTES } from './limits.js';
import { parseMessage, type Request } from './message.js';
import { MessageReader } from './message-reader.js';
import { frameInPlace } from './reply.js';
import type { ReplyBuffer } from './reply-buffer.js';

/** Answers one request; null sends nothing (write concern w: 0). Must not throw for anything the client did. */
export type AnswerRequest = (request: Request) => Promise<ReplyBuffer | null>;

/** Requests waiting on one connection before its socket is paused. Drivers send one at a time. */
const MAX_WAITING = 16;
/** A peer that does not read its answers is not served further until it does. */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;

/**
 * One client socket: reads messages, answers them strictly in order, and stops reading while the client is slower than
 * its own requests.
 */
export class WireConnection {
  private readonly reader: MessageReader;
  private readonly waiting: Buffer[] = [];
  private busy = false;
  private closed = false;

  constructor(
    private readonly socket: Socket,
    private readonly answer: AnswerRequest,
    private readonly onClose: (reason?: unknown) => void,
    trusted: boolean,
  ) {
    this.reader = new MessageReader(trusted ? MAX_MESSAGE_BYTES : MAX_UNAUTHENTICATED_MESSAGE_BYTES);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', (error) => this.close(error));
    socket.on('close', () => this.close());
  }

  /** The peer has authenticated: accept messages of full size. */
  trust(): void {
    this.reader.allow(MAX_MESSAGE_BYTES);
  }

  close(reason?: unknown): void {
    if (this.closed) return;
    this.closed = true;
    this.waiting.length = 0;
    this.socket.destroy();
    this.onClose(reason);
  }

  private receive(chunk: Buffer): void {
    try {
      this.waiting.push(...this.reader.push(chunk));
    } catch (error) {
      this.close(error);
      return;
    }
    if (this.waiting.length > MAX_WAITING) this.socket.pause();
    if (!this.busy) void this.work();
  }

  private async work(): Promise<void> {
    this.busy = true;
    try {
      for (let message = this.waiting.shift(); message && !this.closed; message = this.waiting.shift()) {
        const request = parseMessage(message);
        const reply = await this.answer(request);
        if (reply && !request.moreToCome) await this.send(request, reply);
        if (this.waiting.length === 0 && this.socket.isPaused()) this.socket.resume();
      }
    } catch (error) {
      this.close(error);
    } finally {
      this.busy = false;
    }
  }

  private async send(request: Request, reply: ReplyBuffer): Promise<void> {
    if (this.closed) return;
    const pieces = frameInPlace(request, reply);
    if (pieces.length > 1) this.socket.cork();
    // The callback comes when the kernel has the bytes (or never will): only then may others overwrite them.
    pieces.forEach((piece, i) => this.socket.write(piece, i === pieces.length - 1 ? () => reply.release() : undefined));
    if (pieces.length > 1) this.socket.uncork();
    if (this.socket.writableLength > MAX_UNSENT_BYTES) await this.drained();
  }

  private drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.socket.off('drain', done);
        this.socket.off('close', done);
        resolve();
      };
      this.socket.on('drain', done);
      this.socket.on('close', done);
    });
  }
}
