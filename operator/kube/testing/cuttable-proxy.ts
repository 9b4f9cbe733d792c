import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy on loopback whose connections a test can cut. */
export interface CuttableProxy extends AsyncDisposable {
  readonly port: number;
  /** How many connections were accepted so far. */
  readonly accepted: number;
  /** Destroys every connection under way. */
  cut(): void;
  /** While true, new connections are destroyed at once. */
  refuse(refusing: boolean): void;
}

export async function startCuttableProxy(targetPort: number): Promise<CuttableProxy> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  let refusing = false;
  const server = createServer((near) => {
    accepted += 1;
    if (refusing) return void near.destroy();
    const far = connect(targetPort, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy()); // a cut is what the test wants
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    get accepted() {
      return accepted;
    },
    cut,
    refuse: (value) => {
      refusing = value;
    },
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
