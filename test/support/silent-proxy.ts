import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy on loopback that can fall silent: connections stay open, bytes get lost, as behind a router that forgot them. */
export class SilentProxy {
  connections = 0;
  private isSilent = false;
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  private constructor(private readonly targetPort: number) {
    this.server = createServer((near) => this.forward(near));
  }

  static async to(targetPort: number): Promise<SilentProxy> {
    const proxy = new SilentProxy(targetPort);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** From now on nothing passes on the connections that are open; new ones work. */
  silence(): void {
    for (const socket of this.sockets) socket.removeAllListeners('data').on('data', () => undefined);
  }

  /** Also accepts new connections without ever answering. */
  silenceAll(): void {
    this.isSilent = true;
    this.silence();
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private forward(near: Socket): void {
    this.connections++;
    this.track(near);
    if (this.isSilent) return;
    const far = connect(this.targetPort, '127.0.0.1');
    this.track(far);
    near.on('data', (chunk) => far.write(chunk)).on('close', () => far.destroy());
    far.on('data', (chunk) => near.write(chunk)).on('close', () => near.destroy());
  }

  private track(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => this.sockets.delete(socket));
  }
}
