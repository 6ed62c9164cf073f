import { describe, expect, test } from 'vitest';
import { HELLO, openRoom } from './room.ts';

const never = new Promise<never>(() => undefined);
const LIMIT = 100;
/** No answer of so few tokens is so long. */
const ENDLESS = { ...HELLO, words: 'and on '.repeat(1_000) };

describe('an answer that does not end', () => {
  test('is cut off where no answer of its length can be of use, and its request is ended', async () => {
    const partials: unknown[] = [];
    await using room = await openRoom(() => ({ say: ENDLESS, pause: { after: 150, until: never } }));
    const answer = await room.ask({ maxOutputTokens: LIMIT }, { onPartial: (said) => partials.push(said) });
    expect(answer).toMatchObject({ ok: false, reason: 'invalid_output' });
    expect(room.server.calls.map(({ complaint }) => complaint)).toEqual([
      null,
      expect.stringContaining('it was cut off: be shorter'),
    ]);
    for (const { closed } of room.server.calls) await closed;
    expect(partials.length).toBeGreaterThan(10);
  });

  test('is read while it grows, but ever less often: a long one costs no more than its length', async () => {
    let told = 0;
    const long = { ...HELLO, words: 'and on '.repeat(4_000) };
    await using room = await openRoom(() => ({ say: long, pieceLength: 4 }));
    const answer = await room.ask({ maxOutputTokens: 4_000 }, { onPartial: () => told++ });
    expect(answer).toMatchObject({ ok: true, value: long });
    expect(told).toBeGreaterThan(50);
    expect(told).toBeLessThan(JSON.stringify(long).length / 4 / 10);
  });

  test('is not taken into memory when it comes in one piece', async () => {
    await using room = await openRoom(() => ({ say: 'x'.repeat(5_000_000) }));
    expect(await room.ask()).toMatchObject({ ok: false });
    expect(room.outcomes()).not.toContain('success');
  });
});
