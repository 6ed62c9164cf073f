import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { currentCorrelation, withCorrelation } from '../../../src/observability/correlation.ts';
import { createLogger, type LoggerOptions } from '../../../src/observability/logger.ts';

function setup(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    role: 'worker',
    instance: 'w-1',
    version: '0.1.0',
    destination: { write: (line) => void lines.push(line) },
    ...options,
  });
  const parsed = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, lines, parsed };
}

describe('lines', () => {
  test('a line is one JSON object with the names operators search for', () => {
    const { log, lines, parsed } = setup();
    log.info({ queue: 'ipa', duration_ms: 12 }, 'job completed');
    expect(lines).toHaveLength(1);
    expect(parsed()[0]).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: 'info',
      msg: 'job completed',
      role: 'worker',
      instance: 'w-1',
      version: '0.1.0',
      queue: 'ipa',
      duration_ms: 12,
    });
  });

  test('lines below the level are not written, and silent writes none', () => {
    const { log, lines } = setup();
    log.debug({}, 'hidden');
    log.trace({}, 'hidden');
    log.warn({}, 'shown');
    expect(lines).toHaveLength(1);
    const silent = setup({ level: 'silent' });
    silent.log.error({}, 'hidden');
    expect(silent.lines).toEqual([]);
  });

  test('secrets and player text do not reach the sink, neither from fields nor from a child', () => {
    const { log, lines } = setup();
    log.child({ api_key: 'hunter2' }).info({ job: { player_text: 'hunter2', cookie: 'hunter2' } }, 'x');
    expect(lines.join()).not.toContain('hunter2');
    const open = setup({ includeContent: true });
    open.log.info({ player_text: 'hello' }, 'x');
    expect(open.parsed()[0]).toMatchObject({ player_text: 'hello' });
  });

  test('errors are written with type, message, stack and cause', () => {
    const { log, parsed } = setup();
    log.error({ err: new TypeError('boom', { cause: new Error('why') }) }, 'job failed');
    expect(parsed()[0]).toMatchObject({
      level: 'error',
      err: {
        type: 'TypeError',
        message: 'boom',
        stack: expect.stringContaining('boom'),
        cause: { message: 'why' },
      },
    });
  });

  test('fields cannot overwrite what belongs to the logger', () => {
    const { log, parsed } = setup();
    log.info({ level: 3, msg: 'other', role: 'x' }, 'real');
    expect(parsed()[0]).toMatchObject({
      level: 'info',
      msg: 'real',
      role: 'worker',
      field_level: 3,
      field_role: 'x',
    });
  });

  test('pretty lines are for people', () => {
    const { log, lines } = setup({ pretty: true });
    log.info({ queue: 'ipa' }, 'job completed');
    expect(lines.join('')).toMatch(/INFO: job completed .*"queue":"ipa"/);
  });
});

describe('correlation', () => {
  test('ids follow the work across awaits, inner ones over outer ones', async () => {
    const { log, lines, parsed } = setup();
    await withCorrelation({ request_id: 'r', workflow_id: 'w' }, async () => {
      await nextTurn();
      await withCorrelation({ workflow_id: 'w2', attempt: 2 }, async () => {
        await nextTurn();
        log.info({}, 'inner');
      });
      log.info({ request_id: 'given' }, 'outer');
    });
    log.info({}, 'outside');
    expect(parsed()[0]).toMatchObject({ request_id: 'r', workflow_id: 'w2', attempt: 2 });
    expect(parsed()[1]).toMatchObject({ request_id: 'given', workflow_id: 'w' });
    expect(lines[1]?.match(/request_id/g)).toHaveLength(1);
    expect(parsed()[2]).not.toHaveProperty('request_id');
    expect(currentCorrelation()).toEqual({});
  });

  test('two pieces of work at once keep their ids apart', async () => {
    const seen = await Promise.all(
      ['a', 'b'].map((id) => {
        return withCorrelation({ job_id: id }, async () => {
          await nextTurn();
          return currentCorrelation().job_id;
        });
      }),
    );
    expect(seen).toEqual(['a', 'b']);
  });
});
