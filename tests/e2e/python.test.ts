import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCoordination, createAgentId } from '../../src/entries/coordination.ts';
import { startDevProcess, type DevProcess } from '../support/dev-process.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Where `pip install --target` may have put the client for this clone alone. */
const OWN_PACKAGES = join(ROOT, '.cache/python');
const env = {
  ...process.env,
  ...(existsSync(OWN_PACKAGES) ? { PYTHONPATH: OWN_PACKAGES } : {}),
  PYTHONDONTWRITEBYTECODE: '1',
};

/** Why nothing can be tried here; null when it can. */
function obstacle(): string | null {
  try {
    execFileSync('python3', ['-c', 'import bullmq'], { env, stdio: 'pipe' });
    return null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'there is no python3';
    return 'python3 has no bullmq; pip install --target .cache/python -r examples/python/requirements.txt';
  }
}

const missing = obstacle();
if (missing !== null) console.warn(`not tried with Python: ${missing}`);

async function python(script: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('python3', [join(ROOT, 'examples/python', script), ...args], {
    env,
  });
  return stdout.trim();
}

describe.skipIf(missing !== null)('a service in Python', () => {
  let fleet: DevProcess;
  beforeAll(async () => {
    fleet = await startDevProcess();
  });
  afterAll(() => fleet?.[Symbol.asyncDispose]());

  const greeter = createAgentId('greeter', 'g1');

  test('sends messages that agents get like any other, in their order', async () => {
    await using coordination = createCoordination({ connection: fleet.redisUrl, keyPrefix: fleet.prefix });
    const { coordinator } = coordination;
    const low = {
      message_id: 'low-0001',
      sender: { type: 'caller' },
      recipient: greeter,
      priority: 1,
    } as const;
    await coordinator.send({ ...low, message_type: 'event' });
    const id = await python('send_message.py', fleet.redisUrl, fleet.prefix, 'greeter:g1', 'good day');
    expect(await coordinator.listMailboxes()).toContainEqual(greeter);

    const first = await coordinator.receive(greeter);
    expect(first?.queue_message).toMatchObject({
      message: { message_id: id, payload: { text: 'good day' }, sender: { type: 'python_service' } },
      delivery_attempts: 0,
    });
    expect(await coordinator.nack(greeter, first!.token, { failure: 'permanent', error: 'no' })).toBe(true);
    expect(await coordinator.listDeadLetters(greeter)).toHaveLength(1);
    const second = await coordinator.receive(greeter);
    expect(second?.queue_message.message.message_id).toBe('low-0001');
    await coordinator.ack(greeter, second!.token);
  });

  test('what it sends wrong becomes a dead letter, and the next message is received', async () => {
    await using coordination = createCoordination({ connection: fleet.redisUrl, keyPrefix: fleet.prefix });
    const { coordinator } = coordination;
    const broken = createAgentId('broken', 'b1');
    const queue = new Queue('msg.broken.b1', { connection: { url: fleet.redisUrl }, prefix: fleet.prefix });
    await queue.add('message', { text: 'no envelope' }, { jobId: 'm-broken-1', priority: 1 });
    await queue.close();
    const id = await python('send_message.py', fleet.redisUrl, fleet.prefix, 'broken:b1');
    expect((await coordinator.receive(broken))?.queue_message.message.message_id).toBe(id);
    const [dead] = await coordinator.listDeadLetters(broken);
    expect(dead?.letter.reason).toBe('invalid_envelope');
  });

  test('enqueues a job that an agent of the fleet does', async () => {
    expect(await python('enqueue_job.py', fleet.redisUrl, fleet.prefix)).toBe('take: 2 actions');
  });
});
