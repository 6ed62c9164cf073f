import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');

export interface RoleProcess extends AsyncDisposable {
  /** What the role printed when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>;
}

/** A role of the fleet in a process of its own, as an operator starts it: `ao <arguments> --json`. */
export async function startRoleProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<RoleProcess> {
  const child = spawn(process.execPath, [MAIN, '--json', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const errors: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors.push(text);
    if (errors.length > 50) errors.shift();
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const ended = exited.then(() => {
    throw new Error(`ao ${args.join(' ')} ended before it was ready:\n${errors.join('')}`);
  });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  const ready = JSON.parse(line) as Record<string, unknown>; // commands answer --json with one object per line
  if ('error' in ready) throw new Error(`ao ${args.join(' ')}: ${line}`);
  return {
    ready,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
