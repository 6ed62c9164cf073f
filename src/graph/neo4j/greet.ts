import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { graphUnavailable } from './errors.ts';

/** Bolt's first words: who speaks, and the versions 5.x, 4.4 and none. A server answers with four bytes. */
const GREETING = Buffer.from([0x60, 0x60, 0xb0, 0x17, 0, 8, 8, 5, 0, 0, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0]);

const DEFAULT_PORT = 7687;

/**
 * Resolves when whoever is at the address answers as a database does, and leaves no connection behind.
 *
 * The driver waits without end for a server that takes a connection and says nothing, and cannot be told to let go.
 * So nobody is left to it who has not answered a moment before.
 *
 * Errors: graph_unavailable; the signal's reason when that comes first
 */
export async function greet(url: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = open(url, () => socket.write(GREETING));
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  socket
    .on('data', () => resolve())
    .on('error', (error) => reject(graphUnavailable('code' in error ? String(error.code) : error.name)))
    .on('close', () => reject(graphUnavailable('closed')));
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}

/** Whether its certificate is good is judged by the driver, which sends the password. */
function open(url: string, onReady: () => void): Socket {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const to = { host, port: port === '' ? DEFAULT_PORT : Number(port) };
  if (!protocol.includes('+')) return connectTcp(to, onReady);
  return connectTls(
    { ...to, rejectUnauthorized: false, ...(isIP(host) === 0 ? { servername: host } : {}) },
    onReady,
  );
}
