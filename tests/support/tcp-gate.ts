import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a server that can be closed, or let nothing through, and opened again under the same port. */
export interface TcpGate extends AsyncDisposable {
  readonly port: number;
  /** Connections that were ever made. */
  readonly connections: () => number;
  readonly openConnections: () => number;
  /** Cut everything; whoever calls is refused. */
  close(): Promise<void>;
  open(): Promise<void>;
  /** Whoever calls from now on is answered by nobody. */
  swallow(): void;
  /** The same for those who are connected: what they say goes nowhere, and nobody hangs up. */
  fallSilent(): void;
}

/** @param to  null lets nothing through from the start */
export async function tcpGate(to: { host: string; port: number } | null): Promise<TcpGate> {
  const sockets = new Set<Socket>();
  let isSwallowing = to === null;
  let connections = 0;
  let server: Server | null = null;
  let port = 0;

  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const onCaller = (caller: Socket): void => {
    connections += 1;
    keep(caller);
    if (isSwallowing || to === null) {
      caller.resume();
      return;
    }
    const target = keep(connect(to));
    caller.pipe(target).pipe(caller);
    caller.on('close', () => target.destroy());
    target.on('close', () => caller.destroy());
  };
  const gate: TcpGate = {
    get port() {
      return port;
    },
    connections: () => connections,
    openConnections: () => sockets.size,
    async open() {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      server = createServer(onCaller).once('error', reject).listen(port, '127.0.0.1', resolve);
      await promise;
      port = (server.address() as AddressInfo).port; // a server on TCP has one
      isSwallowing = to === null;
    },
    async close() {
      const open = server;
      server = null;
      const { promise, resolve } = Promise.withResolvers<void>();
      if (open === null) resolve();
      else open.close(() => resolve());
      for (const socket of sockets) socket.destroy();
      await promise;
    },
    swallow() {
      isSwallowing = true;
    },
    fallSilent() {
      isSwallowing = true;
      for (const socket of sockets) socket.unpipe().resume();
    },
    [Symbol.asyncDispose]: () => gate.close(),
  };
  await gate.open();
  return gate;
}
