import { describe, expect, it } from 'vitest';
import type { MailboxView } from '../../../src/coordination/messages/operations.ts';
import { MessageResult, type AgentMessageInput } from '../../../src/coordination/models/message.ts';
import { FleetError } from '../../../src/kernel/errors.ts';
import { ao, fakeOperations } from './fakes.ts';

function mailbox(agent: string, change: Partial<MailboxView> = {}): MailboxView {
  const [agent_type = '', instance = ''] = agent.split(':');
  return {
    agent_id: agent,
    agent_type,
    instance,
    paused: false,
    counts: { waiting: 6, delayed: 1, reserved: 2 },
    by_priority: { '9': 1, '5': 2, '1': 3 },
    oldest_waiting_s: 1.25,
    dlq: 0,
    ...change,
  };
}

const gone = new FleetError({ code: 'backend_unavailable', kind: 'unavailable', message: 'Redis is away' });

describe('ao recover', () => {
  const recovering = (per_agent: Record<string, number>) => {
    const requests: unknown[] = [];
    const total = Object.values(per_agent).reduce((sum, n) => sum + n, 0);
    const recoverMessages = async (request: unknown) => (requests.push(request), { total, per_agent });
    return { requests, operations: { recoverMessages } };
  };

  it('prints one line for each mailbox, and the sum', async () => {
    const { operations } = recovering({ 'bob:b1': 2, 'carl:default': 1 });
    const { code, stdout, stderr } = await ao(['recover'], { operations });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe('Recovered messages summary:\n  bob:b1: 2\n  carl:default: 1\nTotal recovered: 3\n');
  });

  it('says so when nothing was lost', async () => {
    const { operations } = recovering({});
    expect((await ao(['recover'], { operations })).stdout).toBe(
      'Recovered messages summary:\n  No expired reservations found.\nTotal recovered: 0\n',
    );
  });

  it('with --json prints one document', async () => {
    const { operations } = recovering({ 'bob:b1': 2 });
    expect((await ao(['recover', '--json'], { operations })).stdout).toBe(
      '{"per_agent":{"bob:b1":2},"total":2}\n',
    );
  });

  it.each([
    [[], { dry_run: false }],
    [['--agent', 'bob'], { dry_run: false, agent_type: 'bob' }],
    [['--agent', 'bob:b1', '--dry-run'], { dry_run: true, agent_type: 'bob', instance: 'b1' }],
    [['--agent', 'bob:default'], { dry_run: false, agent_type: 'bob', instance: 'default' }],
  ])('%j asks for %j', async (options, request) => {
    const { operations, requests } = recovering({});
    expect((await ao(['recover', ...options], { operations })).code).toBe(0);
    expect(requests).toEqual([request]);
  });

  it('a dry run does not say that anything was recovered', async () => {
    const { operations } = recovering({ 'bob:b1': 2 });
    const { stdout } = await ao(['recover', '--dry-run'], { operations });
    expect(stdout).toBe('Recoverable messages summary:\n  bob:b1: 2\nTotal recoverable: 2\n');
  });

  it('takes the address and the prefix as arguments', async () => {
    const { operations } = recovering({});
    const { code } = await ao(['recover', 'redis://other:1/2', '--key-prefix', 'mine'], {
      ports: {
        openMessages: async ({ redis }) => {
          expect([redis.url, redis.key_prefix]).toEqual(['redis://other:1/2', 'mine']);
          return { operations: fakeOperations(operations), close: async () => undefined };
        },
      },
    });
    expect(code).toBe(0);
  });

  it.each([
    [['nowhere']],
    [['--key-prefix', 'Not One']],
    [['--agent', 'a:b:c']],
    [['redis://a', 'redis://b']],
  ])('%j ends with 2', async (args) => {
    const { code, stdout, stderr } = await ao(['recover', ...args]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^ao: /);
  });

  it('where Redis is away it ends with 1 and one line without credentials', async () => {
    const operations = { recoverMessages: async () => Promise.reject(gone) };
    const url = 'redis://user:hunter2@db:6379/0';
    const { code, stdout, stderr } = await ao(['recover', url], { operations });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe('ao: cannot reach Redis at redis://db:6379/0\n');
  });

  it('goes through an API when one is named', async () => {
    const { operations } = recovering({ 'bob:b1': 2 });
    const openRemote = async () => ({ operations: fakeOperations(operations), close: async () => undefined });
    const { stdout } = await ao(['recover', '--api-url', 'http://h:1'], { ports: { openRemote } });
    expect(stdout).toContain('bob:b1: 2');
    expect(
      (await ao(['recover', 'redis://r', '--api-url', 'http://h:1'], { ports: { openRemote } })).code,
    ).toBe(2);
  });
});

describe('ao messages', () => {
  it('lists all mailboxes, however many pages there are', async () => {
    const all = [mailbox('anna:default', { paused: true }), mailbox('bob:b1', { dlq: 3 })];
    const listMailboxes = async ({ after }: { after?: string }) =>
      after === undefined ? { items: [all[0]!], next: 'anna:default' } : { items: [all[1]!], next: null };
    const { stdout } = await ao(['messages'], { operations: { listMailboxes } });
    const [header, anna, bob] = stdout.split('\n');
    expect(header).toMatch(/^mailbox +high +normal +low +delayed +reserved +dlq +oldest/);
    expect(anna).toContain('anna:default (paused)');
    expect(bob).toMatch(/^bob:b1 +1 +2 +3 +1 +2 +3 +1\.3 s$/);
    expect((await ao(['messages', '--json'], { operations: { listMailboxes } })).json()).toEqual(all);
  });

  it('shows one', async () => {
    const getMailbox = async ({ type, instance }: { type: string; instance?: string | null | undefined }) =>
      mailbox(`${type}:${instance ?? 'default'}`);
    const { stdout } = await ao(['messages', 'show', 'bob'], { operations: { getMailbox } });
    expect(stdout).toMatch(/^mailbox +bob:default$/m);
    expect(stdout).toMatch(/^waiting +6 \(high 1, normal 2, low 3\)$/m);
  });

  it('sends one and says where it is', async () => {
    const sent: AgentMessageInput[] = [];
    const sendMessage = async (message: AgentMessageInput) => {
      sent.push(message);
      const { message_id, recipient } = message;
      return MessageResult.parse({ message_id, recipient, delivered: true });
    };
    const args = [
      'messages',
      'send',
      'bob:b1',
      '--payload',
      '{"a":1}',
      '--priority',
      'high',
      '--id',
      'my-id-1',
    ];
    const { code, stdout } = await ao([...args, '--tag', 'x', 'y'], { operations: { sendMessage } });
    expect([code, stdout]).toEqual([0, 'my-id-1 is in bob:b1\n']);
    expect(sent).toEqual([
      {
        message_id: 'my-id-1',
        sender: { type: 'operator', instance: null },
        recipient: { type: 'bob', instance: 'b1' },
        message_type: 'event',
        priority: 9,
        payload: { a: 1 },
        routing: { topic: null, tags: ['x', 'y'] },
      },
    ]);
    expect((await ao(['messages', 'send', 'b.b'], { operations: { sendMessage } })).code).toBe(2);
    const away = { sendMessage: async () => Promise.reject(gone) };
    expect((await ao(['messages', 'send', 'bob'], { operations: away })).code).toBe(69);
  });
});
