import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);
/** The Node of this test, for everything that npm starts. */
const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}` };

let project: string;
let files: string[];

// What a stranger does: an empty project, the packed package, its dependencies, nothing else.
beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'ao-package-'));
  const packed = await run('npm', ['pack', '--json', '--pack-destination', project], {
    cwd: ROOT,
    env,
    maxBuffer: 10_000_000,
  });
  files = packedFiles(packed.stdout);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  const [tarball] = readdirSync(project).filter((name) => name.endsWith('.tgz'));
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`], {
    cwd: project,
    env,
  });
}, 120_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** Scripts of npm may print before its JSON. */
function packedFiles(stdout: string): string[] {
  const [report] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as [{ files: { path: string }[] }];
  return report.files.map(({ path }) => path);
}

async function evaluate(code: string): Promise<unknown> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code], { cwd: project });
  return JSON.parse(stdout);
}

test('it holds the compiled product, its boards and its documents, but neither sources nor tests', () => {
  expect([...new Set(files.map((path) => path.split('/', 1).join()))].sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'bin',
    'dashboards',
    'dist',
    'docs',
    'examples',
    'package.json',
  ]);
  expect(files).toContain('dist/src/index.d.ts');
  const isSource = /(?<!\.d)\.ts$|\.map$|\.test\./;
  expect(files.filter((path) => isSource.test(path))).toEqual([]);
});

test('its parts can be imported, and only those', async () => {
  expect(
    await evaluate(`
      import { createFleetClient } from 'tta-agent-fleet/client';
      import * as fleet from 'tta-agent-fleet';
      const refused = await import('tta-agent-fleet/dist/src/index.js').catch((error) => error.code);
      const answer = await createFleetClient({ baseUrl: 'http://127.0.0.1:1', maxRetries: 0 })
        .readiness()
        .catch((error) => error.code);
      const data = fleet.DirectJobData.safeParse({ v: fleet.JOB_DATA_VERSION, input: { text: 'look' } }).success;
      console.log(JSON.stringify({ queues: fleet.QUEUE_NAMES, data, answer, refused }));
    `),
  ).toEqual({
    queues: ['ipa', 'wba', 'nga', 'flow', 'maintenance'],
    data: true,
    answer: 'NO_ANSWER',
    refused: 'ERR_PACKAGE_PATH_NOT_EXPORTED',
  });
});

test('its types are found and checked', async () => {
  writeFileSync(
    join(project, 'consumer.ts'),
    `import { createFleetClient, type FleetClient } from 'tta-agent-fleet/client';
     import { FleetError, type OrchestrationResponse, type RunStatus } from 'tta-agent-fleet';
     export const client: FleetClient = createFleetClient({ baseUrl: '' });
     export const status = async (): Promise<RunStatus> => (await client.getRun('wf_1')).status;
     export const text = (response: OrchestrationResponse): string => response.response_text;
     export const kind = (error: FleetError): string => error.kind;
     // @ts-expect-error: a session has no such field
     export const wrong = async () => (await client.getSession('a')).colour;
    `,
  );
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', ''];
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [compiler, ...options, 'consumer.ts'], { cwd: project }).catch(
    (error: { stdout: string }) => expect.fail(error.stdout),
  );
});

test('its command runs', async () => {
  const { stdout } = await run('npx', ['--no-install', 'ao', 'version', '--json'], { cwd: project, env });
  expect(JSON.parse(stdout)).toMatchObject({ version: packageJson.version });
});
