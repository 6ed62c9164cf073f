import { appendFileSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bareMachine, fakeNpm, type BareMachine } from '../support/bare-machine.ts';

const RECENT_NODE = 'echo v24.12.0';
const RECENT_REDIS = 'echo "Redis server v=6.2.0 sha=0 malloc=libc bits=64"';

let machine: BareMachine;
let bootstrap: string;

beforeEach(() => {
  machine = bareMachine();
  bootstrap = join(machine.clone, 'scripts/bootstrap');
  machine.program('node', RECENT_NODE);
  machine.program('npm', fakeNpm());
});
afterEach(() => machine[Symbol.dispose]());

describe('packages', () => {
  beforeEach(() => machine.program('redis-server', RECENT_REDIS));

  test('the first start installs them, later ones do not, and a changed lock file installs again', async () => {
    const first = await machine.run(['sh', bootstrap, 'echo', 'started']);
    expect(first).toEqual({
      exitCode: 0,
      stdout: 'started\n',
      stderr: 'bootstrap: installing packages (npm ci)\n',
    });

    const second = await machine.run(['sh', bootstrap]);
    expect(second).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(machine.calls()).toEqual(['npm ci']);

    appendFileSync(join(machine.clone, 'package-lock.json'), ' ');
    await machine.run(['sh', bootstrap]);
    expect(machine.calls()).toEqual(['npm ci', 'npm ci']);
  });

  test('starts at the same time in one clone install once', async () => {
    const starts = await Promise.all(
      Array.from({ length: 6 }, () => machine.run(['sh', bootstrap, 'echo', 'ok'])),
    );
    expect(starts.map((start) => start.stdout)).toEqual(Array(6).fill('ok\n'));
    expect(machine.calls()).toEqual(['npm ci']);
  });

  test('a failed install shows what npm said, and the next start tries again', async () => {
    machine.program('npm', 'echo "no network today"; exit 1');
    const failed = await machine.run(['sh', bootstrap, 'echo', 'started']);
    expect(failed).toMatchObject({ exitCode: 69, stdout: '' });
    expect(failed.stderr).toContain('no network today');

    machine.program('npm', fakeNpm());
    expect(await machine.run(['sh', bootstrap, 'echo', 'started'])).toMatchObject({ exitCode: 0 });
  });

  test('a lock left behind by a killed start is ignored', async () => {
    mkdirSync(join(machine.clone, '.cache'));
    const beyondAnyPid = '99999999';
    symlinkSync(beyondAnyPid, join(machine.clone, '.cache/lock'));
    expect(await machine.run(['sh', bootstrap, 'echo', 'started'])).toMatchObject({ stdout: 'started\n' });
  });

  test('the command runs in the folder of the caller, with its arguments and its exit code untouched', async () => {
    const result = await machine.run(
      ['sh', bootstrap, 'sh', '-c', 'pwd -P; echo "$1"; exit 7', 'sh', 'a  b'],
      {
        cwd: tmpdir(),
      },
    );
    expect(result.exitCode).toBe(7);
    expect(result.stdout).toMatch(/\na {2}b\n$/);
    expect(result.stdout).not.toContain(machine.clone);
  });
});

describe('Node', () => {
  test.for(['echo v20.20.2', 'echo v24.11.9', 'exit 1'])(
    'a Node that answers with "%s" is replaced',
    async (old) => {
      machine.program('node', old);
      const result = await machine.run(['sh', bootstrap, '--no-redis', 'node']);
      expect(result).toMatchObject({ exitCode: 0, stdout: 'v24.99.0\n' });
      await machine.run(['sh', bootstrap, '--no-redis', 'node']);
      expect(machine.calls()).toEqual(['npm pack', 'npm ci']);
    },
  );

  test('a fetched Node that is too old is refused', async () => {
    machine.program('node', 'echo v20.20.2');
    machine.program('npm', fakeNpm('v24.1.0'));
    const result = await machine.run(['sh', bootstrap, 'node']);
    expect(result).toMatchObject({ exitCode: 69, stdout: '' });
    expect(existsSync(join(machine.clone, '.cache/node'))).toBe(false);
  });
});

describe('Redis', () => {
  test('a machine that cannot provide one is told the three ways, with exit code 69', async () => {
    const result = await machine.run(['sh', bootstrap, 'echo', 'started']);
    expect(result).toMatchObject({ exitCode: 69, stdout: '' });
    expect(result.stderr).toMatch(/1\. install it[^]*2\. in a container[^]*3\. one that runs/);
  });

  test('one that is too old does not count', async () => {
    machine.program('redis-server', 'echo "Redis server v=6.0.16 sha=0"');
    expect(await machine.run(['sh', bootstrap])).toMatchObject({ exitCode: 69 });
    machine.program('valkey-server', 'echo "Valkey server v=8.0.1 sha=0"');
    expect(await machine.run(['sh', bootstrap])).toMatchObject({ exitCode: 0 });
  });

  test.for(['AO_REDIS__URL', 'REDIS_URL'])('with %s none is looked for', async (name) => {
    const env = { [name]: 'redis://redis.example:6379/0' };
    expect(await machine.run(['sh', bootstrap], { env })).toMatchObject({ exitCode: 0 });
  });

  test('Debian packages are unpacked, with package lists of our own when those of the machine fail', async () => {
    machine.program(
      'apt-get',
      `case "$*" in
        *Dir::State::lists*update) echo 'apt-get update' >>"$CALLS" ;;
        *Dir::State::lists*download*) : >redis.deb ;;
        *) exit 100 ;;
      esac`,
    );
    // Called as: dpkg-deb -x <archive> <folder>
    machine.program(
      'dpkg-deb',
      `mkdir -p "$3/usr/bin" "$3/usr/lib/some-linux-gnu"
       printf '#!/bin/sh\\necho "Redis server v=7.0.15 $LD_LIBRARY_PATH"\\n' >"$3/usr/bin/redis-server"
       chmod +x "$3/usr/bin/redis-server"`,
    );
    expect(await machine.run(['sh', bootstrap])).toMatchObject({ exitCode: 0 });
    expect(machine.calls()).toEqual(['npm ci', 'apt-get update']);

    const server = join(machine.clone, '.cache/redis/bin/redis-server');
    const { stdout } = await machine.run([server, '--version'], { cwd: tmpdir() });
    expect(stdout).toContain(join(machine.clone, '.cache/redis/unpacked/usr/lib/some-linux-gnu'));
  });
});

describe('ao', () => {
  const SHOWS_ARGUMENTS = 'case $1 in --version) echo v24.12.0 ;; -e) ;; *) echo "$@" ;; esac';

  test('in a clone it prepares the clone and runs from source', async () => {
    mkdirSync(join(machine.clone, 'src'));
    machine.program('node', SHOWS_ARGUMENTS);
    const ao = join(machine.clone, 'bin/ao');
    const result = await machine.run([ao, 'queues', '--json'], { cwd: tmpdir() });
    expect(result).toMatchObject({
      exitCode: 0,
      stdout: `${join(machine.clone, 'src/cli/main.ts')} queues --json\n`,
    });
    expect(await machine.run([ao, 'dev'])).toMatchObject({ exitCode: 69 });
  });

  test('in an installed package it starts directly, also through the link that npm makes', async () => {
    mkdirSync(join(machine.clone, 'dist'));
    const link = join(machine.clone, 'node_modules/.bin/ao');
    mkdirSync(join(link, '..'), { recursive: true });
    symlinkSync('../../bin/ao', link);
    machine.program('node', SHOWS_ARGUMENTS);
    const result = await machine.run([link, 'queues'], { cwd: tmpdir() });
    expect(result).toMatchObject({ stdout: `${join(machine.clone, 'dist/src/cli/main.js')} queues\n` });
    expect(machine.calls()).toEqual([]);
  });

  test('an installed package says which Node it needs', async () => {
    machine.program('node', 'case $1 in --version) echo v20.20.2 ;; *) exit 1 ;; esac');
    const result = await machine.run([join(machine.clone, 'bin/ao'), 'queues']);
    expect(result).toMatchObject({ exitCode: 69, stdout: '' });
    expect(result.stderr).toContain('Node 24.12 or newer is needed, found: v20.20.2');
  });
});
