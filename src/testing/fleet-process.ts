import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { extname, join } from 'node:path';
import { FleetError } from '../kernel/errors.ts';
import type { Ended } from './harness.ts';
import type { KillPoint, ProcessRole } from './kill-points.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

/** Beside this file, compiled or not. */
const WORKER = join(import.meta.dirname, `worker-process${extname(import.meta.filename)}`);

type StartMessage = Extract<ToWorker, { type: 'start' }>;

/** A process of a harness's fleet. */
export interface FleetProcess {
  readonly pid: number;
  readonly role: ProcessRole;
  readonly ended: Promise<Ended>;
  readonly hasEnded: boolean;
  /** What it wrote to stderr: its log. */
  log(): string;
  signal(name: NodeJS.Signals): void;
  /**
   * The process sends itself the signal at that moment, once. Resolves as soon as it will; `reached` tells when it
   * has, for SIGSTOP only.
   * Errors: kill_point_unknown (invalid_input)
   */
  arm(point: KillPoint, signal: 'SIGKILL' | 'SIGSTOP'): Promise<{ readonly reached: Promise<void> }>;
  /** Drains it and waits for its end. */
  stop(): Promise<Ended>;
}

/** Starts a process and waits until it works. Errors: fleet_process_failed (internal) with the end of its log. */
export async function startFleetProcess(start: Omit<StartMessage, 'type'>): Promise<FleetProcess> {
  const child = fork(WORKER, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] });
  let log = '';
  child.stderr!.on('data', (chunk) => (log += String(chunk)));
  const ended: Promise<Ended> = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  const ready = heard(child, (message) => message.type === 'ready');
  await send(child, { type: 'start', ...start });
  const outcome = await Promise.race([ready, ended]);
  if (!('type' in outcome)) {
    const message = `a ${start.role} ended before it was ready (${outcome.signal ?? outcome.code}):\n${log.slice(-2000)}`;
    throw new FleetError({ code: 'fleet_process_failed', kind: 'internal', message });
  }
  let lastId = 0;
  return {
    pid: child.pid!,
    role: start.role,
    ended,
    get hasEnded() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    log: () => log,
    signal: (name) => void child.kill(name),
    async arm(point, signal) {
      const id = ++lastId;
      const reached = heard(child, (message) => message.type === 'reached' && message.id === id);
      const answer = heard(child, (message) => message.type !== 'ready' && message.id === id);
      await send(child, { type: 'arm', id, point, signal });
      const message = await Promise.race([answer, ended]);
      if (!('type' in message)) throw new Error(`the ${start.role} had ended before it could be told`);
      if (message.type === 'refused') {
        throw new FleetError({ code: 'kill_point_unknown', kind: 'invalid_input', message: message.message });
      }
      return { reached: reached.then(() => undefined) };
    },
    async stop() {
      if (child.connected) await send(child, { type: 'stop' });
      return ended;
    },
  };
}

function send(child: ChildProcess, message: ToWorker): Promise<void> {
  // A process that has gone meanwhile tells so by its end.
  return new Promise((resolve) => child.send(message, () => resolve()));
}

/** The first message of the kind. */
function heard(child: ChildProcess, isMeant: (message: FromWorker) => boolean): Promise<FromWorker> {
  const { promise, resolve } = Promise.withResolvers<FromWorker>();
  const listen = (message: unknown): void => {
    if (!isMeant(message as FromWorker)) return;
    child.off('message', listen);
    resolve(message as FromWorker);
  };
  child.on('message', listen);
  return promise;
}
