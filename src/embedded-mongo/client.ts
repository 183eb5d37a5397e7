import type { Socket } from 'node:net';
import type { Dispatcher } from './commands/dispatcher.js';
import type { ConnectionState } from './commands/context.js';
import { WireConnection } from './wire/connection.js';

/** Joins a socket to the dispatcher: one client of the server. */
export function serveClient(
  socket: Socket,
  id: number,
  local: string,
  dispatcher: Dispatcher,
  trusted: boolean,
  onClose: () => void,
): { close(): void; readonly busy: boolean } {
  const closed = new AbortController();
  let running = 0;
  const state: ConnectionState = {
    id,
    user: null,
    conversation: null,
    local,
    remote: `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`,
    closed: closed.signal,
    hangUp: () => connection.close(),
    trust: () => connection.trust(),
  };
  const connection: WireConnection = new WireConnection(
    socket,
    async (request) => {
      running++;
      try {
        return await dispatcher.answer(request, state);
      } finally {
        running--;
      }
    },
    () => {
      closed.abort();
      onClose();
    },
    trusted,
  );
  return {
    close: () => connection.close(),
    get busy() {
      return running > 0;
    },
  };
}
