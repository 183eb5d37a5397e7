import { createServer, type Server, type Socket } from 'node:net';

/** Accepts connections on host and port (0 takes any free port) and says where it listens. */
export class Listener {
  private constructor(
    private readonly server: Server,
    readonly host: string,
    readonly port: number,
  ) {}

  static async open(host: string, port: number, onConnection: (socket: Socket) => void): Promise<Listener> {
    const server = createServer({ noDelay: true }, onConnection);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the server has no TCP address');
    return new Listener(server, host, address.port);
  }

  /** Stops accepting; connections that are open stay so. */
  stopAccepting(): void {
    this.server.close();
  }
}
