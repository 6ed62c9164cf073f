import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { FleetError } from '../../kernel/errors.ts';

/**
 * A small shell is Redis's parent. Its stdin is a pipe whose other end only this process holds, so the kernel
 * closes it however this process ends, SIGKILL included. Then Redis is asked to leave and, if it does not, killed.
 * The first line on stdout is the pid of Redis; what Redis says goes to stderr, which is the log file.
 */
const GUARD = `
exec 3<&0
"$@" 3<&- </dev/null >&2 &
redis=$!
{ read -r _ <&3; kill -TERM $redis; sleep 10; kill -KILL $redis; } >/dev/null 2>&1 &
watcher=$!
echo $redis
exec >&-
wait $redis
status=$?
kill -KILL $watcher
exit $status
`;

export interface GuardedProcess {
  readonly pid: number;
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>;
  hasExited(): boolean;
  /** Asks it to end (SIGTERM, after 10 s SIGKILL); resolves when it is gone. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/**
 * Starts a command that never outlives this process. It has its own process group, so a Ctrl-C in the terminal
 * reaches only this process, which can then finish its work before it lets go of the command.
 */
export async function spawnGuarded(command: readonly string[], logFile: string): Promise<GuardedProcess> {
  const log = openSync(logFile, 'a');
  // Node's types do not follow a file descriptor in `stdio`, nor that a pipe to a child is a socket.
  const guard = spawn('sh', ['-c', GUARD, 'redis-guard', ...command], {
    detached: true,
    stdio: ['pipe', 'pipe', log],
  }) as ChildProcessByStdio<Socket, Readable, null>;
  closeSync(log);

  let gone = false;
  const exited = once(guard, 'exit').then(
    () => void (gone = true),
    () => void (gone = true), // there is no shell; the missing pid below says it
  );
  guard.stdin.on('error', () => undefined); // a guard that ended first breaks the pipe, and `exited` tells
  const pid = Number(await firstLine(guard.stdout));
  if (!(pid > 0))
    throw new FleetError({ code: 'redis_start_failed', kind: 'unavailable', message: 'cannot run sh' });

  // From here on it must not keep this process alive.
  guard.stdin.unref();
  guard.unref();
  return {
    pid,
    exited,
    hasExited: () => gone,
    async stop() {
      guard.ref();
      guard.stdin.end();
      await exited;
    },
    async kill() {
      guard.ref();
      try {
        if (!gone) process.kill(pid, 'SIGKILL');
      } catch {
        // it went away by itself a moment ago
      }
      await exited;
    },
  };
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  return text;
}
