import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { Job, Queue, QueueEvents, Worker, type WorkerOptions } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADD_ARGUMENTS, ADD_KEYS } from '../../../src/coordination/scripts/post-messages.ts';
import { FETCH_KEYS, FINISH_KEYS, SERVE_KEYS } from '../../../src/coordination/scripts/serve-mailbox.ts';
import { acquireRedis, testPrefix, type TestRedis } from '../../support/redis.ts';

// What BullMQ does that mailboxes lean on, one test for each row of the table in the specification
// (coordination.md 2.1). A new version of BullMQ that changes any of it fails here first, and by name.

let server: TestRedis;
beforeAll(async () => {
  server = await acquireRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

class Bare implements AsyncDisposable {
  readonly prefix = testPrefix();
  readonly redis = new Redis(server.url, { maxRetriesPerRequest: null });
  readonly queue = new Queue('msg.a.default', { connection: this.redis, prefix: this.prefix });
  readonly #workers: Worker[] = [];

  key(name: string): string {
    return `${this.prefix}:msg.a.default:${name}`;
  }

  worker(options: Partial<WorkerOptions> = {}): Worker {
    const worker = new Worker('msg.a.default', null, {
      connection: this.redis,
      prefix: this.prefix,
      autorun: false,
      lockDuration: 5000,
      skipStalledCheck: true,
      ...options,
    });
    this.#workers.push(worker);
    return worker;
  }

  add(jobId: string, priority: number, options: object = {}): Promise<Job> {
    return this.queue.add('message', { n: jobId }, { jobId, priority, removeOnComplete: true, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close(true)));
    await this.queue.obliterate({ force: true });
    await this.queue.close();
    await this.redis.quit();
  }
}

async function fetch(worker: Worker, lock: string = randomUUID()): Promise<{ job: Job; lock: string }> {
  const job = await worker.getNextJob(lock, { block: false });
  return { job, lock };
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  const error: unknown = await work.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return error instanceof Error && 'code' in error ? error.code : error;
}

test('enqueue: ids of digits and with a colon are refused', async () => {
  await using bare = new Bare();
  await expect(bare.add('12345', 5)).rejects.toThrow(/integer/);
  await expect(bare.add('a:b', 5)).rejects.toThrow(/:/);
  expect(() => new Queue('a:b', { connection: bare.redis })).toThrow(/:/);
});

test('idempotency: adding an id that exists does nothing and says nothing', async () => {
  await using bare = new Bare();
  await bare.queue.add('message', { n: 1 }, { jobId: 'm-x', priority: 5 });
  const second = await bare.queue.add('message', { n: 2 }, { jobId: 'm-x', priority: 5 });
  expect(second.data).toEqual({ n: 2 });
  expect((await bare.queue.getJob('m-x'))?.data).toEqual({ n: 1 });
  expect(await bare.queue.getJobCountByTypes('prioritized')).toBe(1);
});

test('enqueue: the script of a prioritised add takes nine keys and three arguments, in the order that is leant on', async () => {
  await using bare = new Bare();
  const calls: (string | number | Buffer)[][] = [];
  const client = {
    runCommand: async (name: string, args: (string | number | Buffer)[]) => {
      expect(name).toMatch(/^addPrioritizedJob:/);
      calls.push(args);
      return 'm-x';
    },
  };
  const job = new Job(bare.queue, 'message', { n: 1 }, { jobId: 'm-x', priority: 5 }, 'm-x');
  const backend = bare.queue.getBackend() as unknown as {
    addJobToTransaction(client: object, job: object, jobId: string): Promise<unknown>;
  };
  await backend.addJobToTransaction(client, job.asJSON(), 'm-x');
  expect({ keys: ADD_KEYS, arguments: ADD_ARGUMENTS }).toEqual({ keys: 9, arguments: 3 });
  expect(calls[0]).toHaveLength(ADD_KEYS + ADD_ARGUMENTS);
  const places = ['marker', 'meta', 'id', 'prioritized', 'delayed', 'completed', 'active', 'events', 'pc'];
  expect(calls[0]!.slice(0, ADD_KEYS)).toEqual(places.map((name) => bare.key(name)));
  expect(calls[0]![ADD_KEYS + 1]).toBe('{"n":1}');
});

/** What BullMQ passes to its scripts meanwhile, by their names. */
async function callsOf(
  backend: object,
  work: () => Promise<unknown>,
): Promise<Map<string, (string | Buffer)[]>> {
  const calls = new Map<string, (string | Buffer)[]>();
  const inner = backend as { execCommand(client: object, name: string, args: unknown[]): unknown };
  const run = inner.execCommand.bind(backend);
  inner.execCommand = (client, name, args) => {
    calls.set(
      name,
      args.map((each) => (each instanceof Uint8Array ? Buffer.from(each) : String(each))),
    );
    return run(client, name, args);
  };
  await work();
  return calls;
}

async function unpacked(redis: Redis, bytes: string | Buffer): Promise<unknown> {
  const json = await redis.eval('return cjson.encode(cmsgpack.unpack(ARGV[1]))', 0, bytes);
  return JSON.parse(String(json));
}

test('receive: the script that fetches takes eleven keys and three arguments, in the order that is leant on', async () => {
  await using bare = new Bare();
  const worker = bare.worker();
  const calls = await callsOf(worker.getBackend(), () => worker.getNextJob('lock-1', { block: false }));
  const args = calls.get('moveToActive')!;
  expect(FETCH_KEYS).toBe(11);
  const names = SERVE_KEYS.filter((name) => !['completed', 'metrics:completed'].includes(name));
  expect(args.slice(0, FETCH_KEYS)).toEqual(names.map((name) => bare.key(name)));
  expect(args).toHaveLength(FETCH_KEYS + 3);
  expect(args[FETCH_KEYS]).toBe(bare.key(''));
  expect(await unpacked(bare.redis, args[FETCH_KEYS + 2]!)).toEqual({ token: 'lock-1', lockDuration: 5000 });
});

test('ack: the script that completes takes fourteen keys and nine arguments, in the order that is leant on', async () => {
  await using bare = new Bare();
  await bare.add('m-x', 5, { attempts: 1 });
  const { job, lock } = await fetch(bare.worker());
  const calls = await callsOf((job as unknown as { backend: object }).backend, () =>
    job.moveToCompleted(null, lock, false),
  );
  const args = calls.get('moveToFinished')!;
  expect(FINISH_KEYS).toBe(14);
  const names = [...SERVE_KEYS.slice(0, 11), 'm-x', ...SERVE_KEYS.slice(11)];
  expect(args.slice(0, FINISH_KEYS)).toEqual(names.map((name) => bare.key(name)));
  expect(args).toHaveLength(FINISH_KEYS + 9);
  const rest = args.slice(FINISH_KEYS);
  expect([rest[0], rest[2], rest[4], rest[5], rest[6]]).toEqual([
    'm-x',
    'returnvalue',
    'completed',
    '0',
    bare.key(''),
  ]);
  expect(await unpacked(bare.redis, rest[7]!)).toMatchObject({
    token: lock,
    keepJobs: { count: 0 },
    attempts: 1,
    maxMetricsSize: '',
  });
});

test('priority: 1 before 5 before 9, none at all before every one', async () => {
  await using bare = new Bare();
  const worker = bare.worker();
  for (const [id, priority] of [
    ['m-9', 9],
    ['m-1', 1],
    ['m-5', 5],
    ['m-0', 0],
  ] as const)
    await bare.add(id, priority);
  const order: string[] = [];
  for (let n = 0; n < 4; n += 1) order.push((await fetch(worker)).job.id!);
  expect(order).toEqual(['m-0', 'm-1', 'm-5', 'm-9']);
});

test('FIFO in a band: the score is priority * 2^32 and a counter', async () => {
  await using bare = new Bare();
  for (const id of ['m-z', 'm-y', 'm-x']) await bare.add(id, 5);
  const scores = await Promise.all(
    ['m-z', 'm-y', 'm-x'].map((id) => bare.redis.zscore(bare.key('prioritized'), id)),
  );
  expect(scores.map((score) => Number(score) - 5 * 2 ** 32)).toEqual([1, 2, 3]);
});

test('receive: a worker without processor fetches, its lock time is its option, extendLock also shortens', async () => {
  await using bare = new Bare();
  await bare.add('m-x', 5);
  const { job, lock } = await fetch(bare.worker({ lockDuration: 5000 }));
  expect(await bare.redis.get(bare.key('m-x:lock'))).toBe(lock);
  expect(await bare.redis.pttl(bare.key('m-x:lock'))).toBeGreaterThan(4000);
  expect(await job.extendLock(lock, 200)).toBe(1);
  expect(await bare.redis.pttl(bare.key('m-x:lock'))).toBeLessThanOrEqual(200);
  expect(await job.extendLock('other', 200)).toBe(0);
  expect(await bare.redis.lrange(bare.key('active'), 0, -1)).toEqual(['m-x']);
});

test('receive: a fetched job may carry a deferred failure, and it is the fetcher who must act on it', async () => {
  await using bare = new Bare();
  await bare.add('m-x', 5);
  await bare.redis.hset(bare.key('m-x'), 'defa', 'job stalled more than allowable limit');
  const { job } = await fetch(bare.worker());
  expect(job.deferredFailure).toBe('job stalled more than allowable limit');
});

test('receive: nothing comes from a paused queue, which still takes jobs', async () => {
  await using bare = new Bare();
  await bare.queue.pause();
  await bare.add('m-x', 5);
  expect(await bare.worker().getNextJob('t', { block: false })).toBeUndefined();
  expect(await bare.redis.zcard(bare.key('prioritized'))).toBe(1);
});

test('receive: data that are no JSON throw after the job was reserved', async () => {
  await using bare = new Bare();
  await bare.add('m-x', 5);
  await bare.redis.hset(bare.key('m-x'), 'data', '{');
  await expect(bare.worker().getNextJob('lock-1', { block: false })).rejects.toThrow(SyntaxError);
  expect(await bare.redis.get(bare.key('m-x:lock'))).toBe('lock-1');
});

test('visibility timeout: a lock that was fetched by hand is not renewed', async () => {
  await using bare = new Bare();
  await bare.add('m-x', 5);
  await fetch(bare.worker({ lockDuration: 100 }));
  await sleep(150);
  expect(await bare.redis.exists(bare.key('m-x:lock'))).toBe(0);
});

test('ack: once, and the errors that mean false are -1, -2, -3 and -6', async () => {
  await using bare = new Bare();
  const worker = bare.worker();
  await bare.add('m-x', 5);
  const { job, lock } = await fetch(worker);
  expect(await codeOf(job.moveToCompleted(null, 'other', false))).toBe(-6);
  await job.moveToCompleted(null, lock, false);
  expect(await bare.redis.exists(bare.key('m-x'))).toBe(0);
  expect(await codeOf(job.moveToCompleted(null, lock, false))).toBe(-1);

  await bare.add('m-y', 5);
  const second = await fetch(worker);
  await bare.redis.del(bare.key('m-y:lock'));
  expect(await codeOf(second.job.moveToCompleted(null, second.lock, false))).toBe(-2);
  await bare.redis.set(bare.key('m-y:lock'), second.lock);
  await bare.redis.del(bare.key('active'));
  expect(await codeOf(second.job.moveToCompleted(null, second.lock, false))).toBe(-3);
});

test('nack: a custom backoff reads the job, also through a queue that was given the strategy', async () => {
  await using bare = new Bare();
  const settings = {
    backoffStrategy: (made: number, type?: string, _error?: Error, job?: { data?: unknown }) => {
      expect(type).toBe('ao');
      expect(job?.data).toEqual({ n: 'm-x' });
      return 1000 * made;
    },
  };
  const options = { connection: bare.redis, prefix: bare.prefix, settings };
  const queue = new Queue('msg.a.default', options as unknown as ConstructorParameters<typeof Queue>[1]);
  await bare.add('m-x', 5, { attempts: 3, backoff: { type: 'ao' }, removeOnFail: false });
  const { lock } = await fetch(bare.worker());
  const job = await Job.fromId(queue, 'm-x');
  await job!.moveToFailed(new Error('no'), lock, false);
  expect((await bare.queue.getDelayed()).map(({ delay, attemptsMade }) => [delay, attemptsMade])).toEqual([
    [1000, 1],
  ]);
  await queue.close();
});

test('nack: a delay of nothing puts the job at the end of its band', async () => {
  await using bare = new Bare();
  const worker = bare.worker({ settings: { backoffStrategy: () => 0 } });
  await bare.add('m-x', 5, { attempts: 3, backoff: { type: 'ao' } });
  await bare.add('m-y', 5);
  const { job, lock } = await fetch(worker);
  await job.moveToFailed(new Error('no'), lock, false);
  expect(await bare.redis.zrange(bare.key('prioritized'), 0, '-1')).toEqual(['m-y', 'm-x']);
});

test('nack permanent: an error by the name of UnrecoverableError is the last', async () => {
  await using bare = new Bare();
  await bare.add('m-x', 5, { attempts: 3, removeOnFail: false });
  const { job, lock } = await fetch(bare.worker());
  await job.moveToFailed(Object.assign(new Error('no'), { name: 'UnrecoverableError' }), lock, false);
  expect(await bare.redis.zrange(bare.key('failed'), 0, '-1')).toEqual(['m-x']);
});

test('history: the last stack traces stay with the job, written by the script that fails it', async () => {
  await using bare = new Bare();
  const worker = bare.worker({ settings: { backoffStrategy: () => 0 } });
  await bare.add('m-x', 5, { attempts: 9, backoff: { type: 'ao' }, stackTraceLimit: 2, removeOnFail: false });
  for (const stack of ['one', 'two', 'three']) {
    const { job, lock } = await fetch(worker);
    await job.moveToFailed(Object.assign(new Error('no'), { stack }), lock, false);
  }
  expect(await bare.redis.hget(bare.key('m-x'), 'stacktrace')).toBe('["two","three"]');
});

test('dead letters: a failed job swallows another one of its id in silence', async () => {
  await using bare = new Bare();
  await bare.add('m-x', 5, { removeOnFail: false });
  const { job, lock } = await fetch(bare.worker());
  await job.moveToFailed(new Error('no'), lock, false);
  await bare.add('m-x', 5);
  expect(await bare.queue.getJobCounts('failed', 'prioritized')).toMatchObject({ failed: 1, prioritized: 0 });
});

test('recovery: its sweep needs two passes, is throttled by a key, and puts jobs ahead of every priority', async () => {
  await using bare = new Bare();
  const worker = bare.worker({ lockDuration: 50 });
  const backend = worker.getBackend();
  await bare.add('m-low', 9);
  await fetch(worker);
  await bare.add('m-high', 1);
  await sleep(70);
  expect(await backend.moveStalledJobsToWait()).toEqual([]);
  expect(await backend.moveStalledJobsToWait()).toEqual([]);
  await bare.redis.del(bare.key('stalled-check'));
  expect(await backend.moveStalledJobsToWait()).toEqual(['m-low']);
  expect(await bare.redis.lrange(bare.key('wait'), 0, -1)).toEqual(['m-low']);
  expect(await bare.redis.hget(bare.key('m-low'), 'stc')).toBe('1');

  const job = await Job.fromId(bare.queue, 'm-low');
  await job!.changePriority({ priority: 9, lifo: true });
  expect(await bare.redis.zscore(bare.key('prioritized'), 'm-low')).toBe(String(9 * 2 ** 32));
  expect((await fetch(worker)).job.id).toBe('m-high');
});

test('release: the job goes to the front of its band, counts nothing, and wakes nobody', async () => {
  await using bare = new Bare();
  const worker = bare.worker();
  for (const id of ['m-x', 'm-y']) await bare.add(id, 5);
  const { job, lock } = await fetch(worker);
  await bare.redis.del(bare.key('marker'));
  await job.moveToWait(lock);
  expect(await bare.redis.zrange(bare.key('prioritized'), 0, '-1')).toEqual(['m-x', 'm-y']);
  expect((await Job.fromId(bare.queue, 'm-x'))?.attemptsMade).toBe(0);
  expect(await bare.redis.exists(bare.key('marker'))).toBe(0);
});

test('waiting: a worker that does not know the version of Redis waits in whole seconds', async () => {
  await using bare = new Bare();
  const waited = async (skipVersionCheck: boolean): Promise<number> => {
    const worker = bare.worker({ skipVersionCheck });
    await worker.waitUntilReady();
    const startedAt = performance.now();
    await worker.getBackend().waitForJob(0.1);
    return performance.now() - startedAt;
  };
  expect(await waited(true)).toBeGreaterThan(900);
  expect(await waited(false)).toBeLessThan(700);
});

test('waiting: a marker stands for jobs that are there, and for the next one that is delayed', async () => {
  await using bare = new Bare();
  await bare.add('m-x', 5);
  expect(await bare.redis.zrange(bare.key('marker'), 0, '-1')).toEqual(['0']);
  const worker = bare.worker({ settings: { backoffStrategy: () => 60_000 } });
  const { job, lock } = await fetch(worker);
  await bare.redis.del(bare.key('marker'));
  await job.moveToFailed(new Error('no'), lock, false);
  expect(await bare.redis.zcard(bare.key('marker'))).toBe(0);
  const again = await bare.add('m-y', 5, { attempts: 2, backoff: { type: 'ao' } });
  const second = await fetch(worker);
  await bare.redis.del(bare.key('marker'));
  await second.job.moveToFailed(new Error('no'), second.lock, false);
  const [due] = (await bare.redis.zrange(bare.key('delayed'), 0, '0', 'WITHSCORES')).flat().slice(1);
  expect(Math.round(Number(due) / 0x1000 - Date.now() - 60_000)).toBeLessThan(100);
  expect(await bare.redis.zrange(bare.key('marker'), 0, '-1')).toEqual(['1']);
  await again.remove();
});

test('counts per priority tell the bands apart', async () => {
  await using bare = new Bare();
  for (const [id, priority] of [
    ['m-1', 1],
    ['m-2', 1],
    ['m-3', 9],
  ] as const)
    await bare.add(id, priority);
  expect(await bare.queue.getCountsPerPriority([1, 5, 9])).toEqual({ 1: 2, 5: 0, 9: 1 });
});

test('notifications: its events tell other processes what happened', async () => {
  await using bare = new Bare();
  const events = new QueueEvents('msg.a.default', {
    connection: bare.redis,
    prefix: bare.prefix,
    lastEventId: '0',
  });
  const seen = new Set<string>();
  for (const name of [
    'waiting',
    'active',
    'completed',
    'delayed',
    'failed',
    'stalled',
    'duplicated',
  ] as const)
    events.on(name, () => seen.add(name));
  const worker = bare.worker({ lockDuration: 50, settings: { backoffStrategy: () => 60_000 } });
  await bare.add('m-x', 5, { attempts: 2, backoff: { type: 'ao' } });
  await bare.add('m-x', 5);
  await fetch(worker);
  await sleep(70);
  await worker.getBackend().moveStalledJobsToWait();
  await bare.redis.del(bare.key('stalled-check'));
  await worker.getBackend().moveStalledJobsToWait();
  const one = await fetch(worker);
  await one.job.moveToFailed(new Error('no'), one.lock, false);
  await bare.add('m-y', 5);
  const two = await fetch(worker);
  await two.job.moveToFailed(Object.assign(new Error('no'), { name: 'UnrecoverableError' }), two.lock, false);
  await bare.add('m-z', 5);
  const three = await fetch(worker);
  await three.job.moveToCompleted(null, three.lock, false);
  await expect
    .poll(() => [...seen].toSorted(), { timeout: 5000 })
    .toEqual(['active', 'completed', 'delayed', 'duplicated', 'failed', 'stalled', 'waiting']);
  await events.close();
});

test('moving: a job is its hash and one place in a sorted set; renamed and placed elsewhere it lives on there', async () => {
  await using bare = new Bare();
  const other = new Queue('msg.b.default', { connection: bare.redis, prefix: bare.prefix });
  await bare.add('m-x', 5, { attempts: 3 });
  await bare.add('m-late', 5, { delay: 60_000 });
  const keys = await bare.redis.keys(`${bare.prefix}:*:m-*`);
  expect(keys.toSorted()).toEqual([bare.key('m-late'), bare.key('m-x')]);
  const due = Number(await bare.redis.zscore(bare.key('delayed'), 'm-late'));
  const { timestamp } = (await bare.queue.getJob('m-late'))!;
  expect(Math.floor(due / 0x1000)).toBe(timestamp + 60_000);

  await bare.redis.rename(bare.key('m-x'), `${bare.prefix}:msg.b.default:m-x`);
  await bare.redis.zrem(bare.key('prioritized'), 'm-x');
  await bare.redis.zadd(`${bare.prefix}:msg.b.default:prioritized`, 5 * 2 ** 32 + 1, 'm-x');
  expect(await bare.queue.getJobCounts('prioritized', 'delayed')).toEqual({ prioritized: 0, delayed: 1 });
  const moved = await other.getJob('m-x');
  expect([moved?.data, moved?.opts.attempts, await moved?.getState()]).toEqual([
    { n: 'm-x' },
    3,
    'prioritized',
  ]);
  await bare.add('m-y', 5);
  expect(await bare.redis.get(bare.key('pc'))).toBe('2');
  await other.obliterate({ force: true });
  await other.close();
});
