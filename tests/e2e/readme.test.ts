import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { testPrefix } from '../support/redis.ts';
import { shellBlocks } from '../support/shell-blocks.ts';
import { DOCUMENTED_COMMANDS } from './documented-commands.ts';

const ROOT = join(import.meta.dirname, '../..');
const DOCS = ['README.md', 'examples/README.md', ...globSync('docs/**/*.md', { cwd: ROOT })];
const commands = DOCS.flatMap((doc) =>
  shellBlocks(readFileSync(join(ROOT, doc), 'utf8'))
    .filter(({ notExecuted }) => notExecuted === null)
    .flatMap((block) => block.commands.map((command) => ({ doc, command, key: command.split('\n')[0]! }))),
);
const executed = commands.filter(({ key }) => 'prints' in (DOCUMENTED_COMMANDS[key] ?? {}));

let port: number;
let env: NodeJS.ProcessEnv;
let stopFleet: (() => Promise<void>) | undefined;

// `npm start` as the README has it, on a port of its own; later commands find it as they would find the usual one.
beforeAll(async () => {
  port = await freePort();
  env = {
    ...process.env,
    PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`,
    AO_PORT: String(port),
    AO_REDIS__KEY_PREFIX: testPrefix(),
  };
  // A group of its own, so that the signal reaches what npm starts.
  const npm = spawn('npm', ['start'], { cwd: ROOT, env, stdio: 'pipe', detached: true });
  const ended = once(npm, 'exit');
  let said = '';
  npm.stderr.on('data', (chunk: Buffer) => (said += String(chunk)));
  await new Promise<void>((resolve, reject) => {
    npm.stdout.on('data', (chunk: Buffer) => {
      said += String(chunk);
      if (said.includes(`http://127.0.0.1:${port}`) && said.includes('ready')) resolve();
    });
    ended.then(() => reject(new Error(`npm start ended:\n${said}`)), reject);
  });
  stopFleet = async () => {
    process.kill(-npm.pid!, 'SIGTERM');
    await ended;
  };
}, 120_000);

afterAll(async () => {
  await stopFleet?.();
  rmSync(join(ROOT, '.ao', `dev-${port}`), { recursive: true, force: true });
});

describe('commands in the documents', () => {
  test('are all executed, here or by another test, or say why not', () => {
    expect(commands.filter(({ key }) => !(key in DOCUMENTED_COMMANDS))).toEqual([]);
    expect(commands.length).toBeGreaterThan(20);
  });

  test('are the only ones that the table has', () => {
    const shown = new Set(commands.map(({ key }) => key));
    expect(Object.keys(DOCUMENTED_COMMANDS).filter((key) => !shown.has(key))).toEqual([]);
  });

  test('that another test executes are there', () => {
    for (const way of Object.values(DOCUMENTED_COMMANDS)) {
      if (!('coveredBy' in way)) continue;
      expect(existsSync(join(ROOT, way.coveredBy)), way.coveredBy).toBe(true);
      expect(readFileSync(join(ROOT, way.coveredBy), 'utf8')).toContain(way.text);
    }
  });

  test.for(executed)('$command', { timeout: 120_000 }, async ({ command, key }) => {
    const here = command.replaceAll('127.0.0.1:8503', `127.0.0.1:${port}`);
    const { stdout } = await promisify(execFile)('sh', ['-c', here], { cwd: ROOT, env });
    const way = DOCUMENTED_COMMANDS[key];
    expect(stdout).toMatch(way !== undefined && 'prints' in way ? way.prints : /$^/);
  });
});

describe('blocks', () => {
  const fence = '```';
  const parse = (text: string) => shellBlocks(text.replaceAll("'''", fence));

  test('give whole commands: continued lines are one, a here-document belongs to its reader', () => {
    const text = "'''sh\n# first\na \\\n  -b\n\ncat <<'END'\nx y\nEND\nc\n'''\n";
    expect(parse(text)).toEqual([{ notExecuted: null, commands: ['a -b', "cat <<'END'\nx y\nEND", 'c'] }]);
  });

  test('are left out with a reason right above them only', () => {
    expect(parse("<!-- not executed: it runs for ever -->\n'''sh\na\n'''\n\n'''sh\nb\n'''\n")).toEqual([
      { notExecuted: 'it runs for ever', commands: ['a'] },
      { notExecuted: null, commands: ['b'] },
    ]);
  });

  test('of other languages do not count', () => {
    expect(parse("'''json\n{}\n'''\n")).toEqual([]);
  });
});
