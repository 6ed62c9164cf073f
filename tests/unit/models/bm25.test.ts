import { describe, expect, it } from 'vitest';
import { Bm25Index, termsOf } from '../../../src/models/bm25.ts';

const documents = [
  { id: 'a', title: 'The lighthouse', text: 'The keeper lights the lamp of the lighthouse every evening.' },
  { id: 'b', title: 'The market', text: 'Traders give bread and lanterns. The keeper buys bread here.' },
  { id: 'c', title: 'The forest', text: 'A stream runs through the forest.' },
];
const index = new Bm25Index(documents);
const signal = new AbortController().signal;
const search = (query: string, limit = 5) => index.search(query, { limit, signal });

describe('BM25', () => {
  it('puts the document with the rarest words of the query first, with a score from 0 to 1', async () => {
    const found = await search('Where does the keeper of the lighthouse stay in the evening?');
    expect(found.map(({ id }) => id)).toEqual(['a', 'b']);
    for (const { score } of found) expect(score).toSatisfy((value: number) => value > 0 && value <= 1);
  });

  it('gives 1 to a document that has every word, and less the more words nobody has', async () => {
    expect((await search('bread'))[0]).toMatchObject({ id: 'b', score: 1 });
    const [withUnknown] = await search('bread spaceship');
    const [withMore] = await search('bread spaceship engine');
    expect(withUnknown!.score).toBeLessThan(0.7);
    expect(withMore!.score).toBeLessThan(withUnknown!.score);
  });

  it('finds nothing for words nobody has, for common words, and for no words', async () => {
    for (const query of ['spaceship', 'what is the', '', '  ?!  ', '🦊'])
      expect(await search(query)).toEqual([]);
  });

  it('keeps to the limit, and the same query gives the same order', async () => {
    expect(await search('keeper bread lamp forest', 2)).toHaveLength(2);
    expect(await search('keeper stream')).toEqual(await search('stream keeper'));
  });

  it('holds no documents as well, and huge queries', async () => {
    expect(await new Bm25Index([]).search('bread', { limit: 5, signal })).toEqual([]);
    expect((await search('bread '.repeat(50_000)))[0]).toMatchObject({ id: 'b', score: 1 });
  });

  it('stops for a signal', async () => {
    await expect(
      index.search('bread', { limit: 1, signal: AbortSignal.abort(new Error('no')) }),
    ).rejects.toThrow('no');
  });

  it.for([
    ['Worries worrying worried', 'worry worry worri'],
    ['lights light lighting', 'light light light'],
    ['calmed planning', 'calm plan'],
    ['the of and', ''],
    ['Ünïcode ＦＵＬＬ 42', 'ünïcod full 42'],
  ] as const)('the words of "%s"', ([text, terms]) => {
    expect(termsOf(text).join(' ')).toBe(terms);
  });
});
