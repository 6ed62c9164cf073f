import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
/** What every Unix has; nothing that could bring a Redis or a Node. */
const UNIX_TOOLS = 'sh cat chmod cksum dirname echo gzip ln mkdir mv readlink rm sleep tar true uname'.split(
  ' ',
);

export interface BareMachine extends Disposable {
  /** The bare clone: scripts, bin and package files, in a folder with spaces in its name. */
  readonly clone: string;
  /** Puts a program on the PATH: the body of a POSIX shell script. */
  program(name: string, body: string): void;
  run(command: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** What the fake programs wrote with `echo ... >>"$CALLS"`. */
  calls(): string[];
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

interface RunResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine with a bare clone, the plain Unix tools and a network that only the fake programs know. */
export function bareMachine(): BareMachine {
  const home = mkdtempSync(join(tmpdir(), 'ao-bare-'));
  const bin = join(home, 'bin');
  const clone = join(home, 'a clone with spaces');
  const callsFile = join(home, 'calls');
  mkdirSync(bin);
  for (const part of ['scripts', 'bin', 'package.json', 'package-lock.json']) {
    cpSync(join(ROOT, part), join(clone, part), { recursive: true });
  }
  for (const tool of UNIX_TOOLS) symlinkSync(findOnPath(tool), join(bin, tool));

  return {
    clone,
    program(name, body) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`);
      chmodSync(join(bin, name), 0o755);
    },
    async run([command, ...args], { env = {}, cwd = clone } = {}) {
      const child = spawn(command!, args, {
        cwd,
        env: { PATH: bin, HOME: home, CALLS: callsFile, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk) => (stdout += String(chunk)));
      child.stderr.on('data', (chunk) => (stderr += String(chunk)));
      await once(child, 'close');
      return { exitCode: child.exitCode, stdout, stderr };
    },
    calls: () => (existsSync(callsFile) ? readFileSync(callsFile, 'utf8').trim().split('\n') : []),
    [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true }),
  };
}

function findOnPath(tool: string): string {
  const folder = (process.env['PATH'] ?? '').split(delimiter).find((entry) => existsSync(join(entry, tool)));
  if (folder === undefined) throw new Error(`${tool} is not on the PATH`);
  return join(folder, tool);
}

/** A fake npm: `ci` makes node_modules, `pack` makes an archive with a Node of the given version. */
export function fakeNpm(packedNodeVersion = 'v24.99.0'): string {
  return `
    echo "npm $1" >>"$CALLS"
    case $1 in
      ci) mkdir -p node_modules ;;
      pack)
        mkdir -p package/bin
        printf '#!/bin/sh\\necho ${packedNodeVersion}\\n' >package/bin/node
        chmod +x package/bin/node
        tar -czf node.tgz package
        rm -rf package ;;
    esac`;
}
