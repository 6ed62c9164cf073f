import { describe, expect, test } from 'vitest';
import type { MailboxView, MessageAuditEntry } from '../../../src/coordination/messages/operations.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { startHttp, type Answer } from './support/start-http.ts';

const KEYS = {
  enqueue: { roles: ['enqueue'] },
  read: { roles: ['read'] },
  operate: { roles: ['operate'] },
  admin: { roles: ['admin'] },
} as const;

const MESSAGE = {
  message_id: 'message-1',
  sender: { type: 'anna' },
  recipient: { type: 'bob', instance: 'b1' },
  message_type: 'event',
  payload: { thought: 'a secret thought' },
};

function mailbox(agent: string): MailboxView {
  const [agent_type = '', instance = ''] = agent.split(':');
  return {
    agent_id: agent,
    agent_type,
    instance,
    paused: false,
    counts: { waiting: 3, delayed: 1, reserved: 2 },
    by_priority: { '9': 1, '5': 1, '1': 1 },
    oldest_waiting_s: 1.5,
    dlq: 4,
  };
}

function event(n: number): MessageAuditEntry {
  return {
    id: `${n}-0`,
    at: '2026-01-01T00:00:00.000Z',
    event: 'sent',
    message_id: 'message-1',
    enqueue_id: 'e',
    sender: 'anna:default',
    recipient: 'bob:b1',
    priority: 5,
    type: 'event',
    attempts: 0,
    payload_bytes: 2,
    payload_sha256: 'x',
  };
}

const pathsOf = ({ body }: Answer): string[] => (body.errors ?? []).map(({ path }) => path).sort();

describe('POST /v1/messages', () => {
  test('[R2.1] is answered 202 with the result, and audited', async () => {
    await using http = await startHttp({ keys: KEYS });
    const answer = await http.call('POST', '/v1/messages', { as: 'enqueue', json: MESSAGE });
    expect([answer.status, answer.body]).toEqual([
      202,
      {
        message_id: 'message-1',
        recipient: { type: 'bob', instance: 'b1' },
        delivered: true,
        duplicate: false,
        error: null,
        error_code: null,
      },
    ]);
    expect(http.audit.entries.at(-1)).toMatchObject({ action: 'message.send', outcome: 'done' });
    expect(JSON.stringify(http.audit.entries)).not.toContain('thought');
  });

  test('[R2.1] names everything that is wrong with a message, and nothing that is in it', async () => {
    await using http = await startHttp({ keys: KEYS });
    const json = { ...MESSAGE, message_id: 'short', priority: 7, urgency: 'high', sender: { type: '1' } };
    const answer = await http.call('POST', '/v1/messages', { as: 'enqueue', json });
    expect([answer.status, answer.body['code']]).toEqual([400, 'VALIDATION_FAILED']);
    expect(pathsOf(answer)).toEqual(['/message_id', '/priority', '/sender/type', '/urgency']);
    expect(answer.text).not.toContain('secret');
    expect(http.operations.calls).toEqual([]);
  });

  test('[R2.3] a full mailbox is 429 QUEUE_FULL with Retry-After 1; Redis away is 503', async () => {
    await using http = await startHttp({ keys: KEYS });
    const send = () => http.call('POST', '/v1/messages', { as: 'enqueue', json: MESSAGE });
    const failure = (code: string, kind: 'overloaded' | 'unavailable') =>
      new FleetError({ code, kind, message: 'redis://10.0.0.1', retryAfterMs: 1000 });
    http.operations.failure = failure('queue_full', 'overloaded');
    const full = await send();
    expect([full.status, full.body['code'], full.body['type']]).toEqual([
      429,
      'QUEUE_FULL',
      '/problems/queue-full',
    ]);
    expect(full.headers.get('retry-after')).toBe('1');
    for (const code of ['backend_unavailable', 'unknown_outcome']) {
      http.operations.failure = failure(code, 'unavailable');
      const away = await send();
      expect([away.status, away.body['code']]).toEqual([503, code.toUpperCase()]);
      expect(away.text).not.toContain('10.0.0.1');
    }
  });

  test('with an Idempotency-Key it is sent once', async () => {
    await using http = await startHttp({ keys: KEYS });
    const init = { as: 'enqueue', json: MESSAGE, headers: { 'idempotency-key': 'k1' } };
    await http.call('POST', '/v1/messages', init);
    const again = await http.call('POST', '/v1/messages', init);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(http.operations.calls.map(({ name }) => name)).toEqual(['sendMessage']);
  });
});

test('a broadcast is answered 207 with one result for each recipient, whatever they are', async () => {
  await using http = await startHttp({ keys: KEYS });
  const json = { message: MESSAGE, recipients: [{ type: 'carl' }, 'nobody'] };
  const answer = await http.call('POST', '/v1/messages/broadcast', { as: 'enqueue', json });
  expect(answer.status).toBe(207);
  expect(answer.body['results']).toMatchObject([
    { recipient: { type: 'carl' }, delivered: true },
    { delivered: false, error_code: 'invalid_recipient' },
  ]);
  const many = { message: MESSAGE, recipients: Array.from({ length: 1001 }, () => ({ type: 'carl' })) };
  const refused = await http.call('POST', '/v1/messages/broadcast', { as: 'enqueue', json: many });
  expect([refused.status, pathsOf(refused)]).toEqual([400, ['/recipients']]);
});

describe('mailboxes', () => {
  test('come in pages, by name', async () => {
    await using http = await startHttp({ keys: KEYS });
    for (const agent of ['anna:default', 'bob:b1', 'carl:c1'])
      http.operations.mailboxes.set(agent, mailbox(agent));
    const first = await http.call('GET', '/v1/mailboxes?limit=2', { as: 'read' });
    expect(first.body['items']).toMatchObject([{ agent_id: 'anna:default' }, { agent_id: 'bob:b1' }]);
    const cursor = encodeURIComponent(String(first.body['next_cursor']));
    const second = await http.call('GET', `/v1/mailboxes?limit=2&cursor=${cursor}`, { as: 'read' });
    expect(second.body).toMatchObject({ items: [{ agent_id: 'carl:c1' }], next_cursor: null });
    expect((await http.call('GET', '/v1/mailboxes?cursor=x', { as: 'read' })).body['code']).toBe(
      'INVALID_CURSOR',
    );
  });

  test('one is read by its agent', async () => {
    await using http = await startHttp({ keys: KEYS });
    http.operations.mailboxes.set('bob:b1', mailbox('bob:b1'));
    expect((await http.call('GET', '/v1/mailboxes/bob/b1', { as: 'read' })).body).toEqual(mailbox('bob:b1'));
    const unknown = await http.call('GET', '/v1/mailboxes/bob/b2', { as: 'read' });
    expect([unknown.status, unknown.body['code']]).toEqual([404, 'MAILBOX_NOT_FOUND']);
    const odd = await http.call('GET', '/v1/mailboxes/b.b/b1', { as: 'read' });
    expect([odd.status, pathsOf(odd)]).toEqual([400, ['/type']]);
  });

  test('the dead letters of one are those of its queue; a short name is the long one', async () => {
    await using http = await startHttp({ keys: KEYS });
    await http.call('GET', '/v1/dlq/ipa/default?limit=7', { as: 'read' });
    expect(http.operations.calls).toMatchObject([
      { name: 'listDeadLetters', args: [{ queue: 'dlq.input_processor.default', limit: 7 }] },
    ]);
  });
});

test('recovery is for operators, who may ask first what it would do', async () => {
  await using http = await startHttp({ keys: KEYS });
  const json = { agent_type: 'anna', dry_run: true };
  const answer = await http.call('POST', '/v1/admin/recover', { as: 'operate', json });
  expect([answer.status, answer.body]).toEqual([200, { total: 1, per_agent: { 'anna:default': 1 } }]);
  expect(http.operations.calls).toMatchObject([{ name: 'recoverMessages', args: [json] }]);
  expect(http.audit.entries.map(({ outcome }) => outcome)).toEqual(['attempted', 'done']);
  const odd = await http.call('POST', '/v1/admin/recover', { as: 'operate', json: { instance: 'a1' } });
  expect([odd.status, pathsOf(odd)]).toEqual([400, ['/agent_type']]);
});

test('the audit of messages is for administrators, in pages, newest first', async () => {
  await using http = await startHttp({ keys: KEYS });
  http.operations.messageEvents.push(event(3), event(2), event(1));
  const path = '/v1/audit/messages?limit=2&agent=bob:b1';
  expect((await http.call('GET', path, { as: 'operate' })).status).toBe(403);
  const first = await http.call('GET', path, { as: 'admin' });
  expect(first.body['items']).toMatchObject([{ id: '3-0' }, { id: '2-0' }]);
  const cursor = encodeURIComponent(String(first.body['next_cursor']));
  const second = await http.call('GET', `${path}&cursor=${cursor}`, { as: 'admin' });
  expect(second.body).toMatchObject({ items: [{ id: '1-0' }], next_cursor: null });
  const foreign = await http.call('GET', `/v1/audit/messages?cursor=${cursor}`, { as: 'admin' });
  expect(foreign.body['code']).toBe('INVALID_CURSOR');
});
