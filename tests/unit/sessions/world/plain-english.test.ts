import { describe, expect, it } from 'vitest';
import { isPlainEnglish } from '../../../../src/sessions/world/plain-english.ts';
import { isPlainProse } from '../../../../src/sessions/world/plain-prose.ts';
import { LANDS } from '../../../../src/sessions/world/places/lands.ts';
import { startGame } from '../../agents/play.ts';

const FOREIGN = [
  'Du gehst weiter nach Norden, und der Wind trägt den Duft von warmem Stein zu dir.',
  'Tu continues vers le nord, et le vent porte une odeur de pierre chaude jusque chez toi.',
  'Sigues hacia el norte y el viento trae olor a piedra caliente, y no hay nadie más aquí.',
  'Je loopt verder naar het noorden en de wind brengt de geur van warme steen mee.',
  'Prosegui verso nord e il vento porta un odore di pietra calda fino a te.',
  '你继续向北走，风带来了温暖石头的气味。',
  'Ты идёшь дальше на север.',
];

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

describe('plain English', () => {
  it.each(FOREIGN)('is not: %s', (text) => {
    expect(isPlainEnglish(text)).toBe(false);
    expect(isPlainProse(text, { min: 10, max: 500 })).toBe(false);
  });

  it.each([
    'Moss, stone, wind.',
    'Gulls cry.',
    'Anaïs hums “là-bas” while the kettle sings, and you hum with her.',
  ])('is: %s', (text) => expect(isPlainEnglish(text)).toBe(true));

  it('is every text that comes with the worlds', () => {
    const texts = textsOf(LANDS);
    expect(texts.length).toBeGreaterThan(300);
    expect(texts.filter((text) => !isPlainEnglish(text))).toEqual([]);
  });

  it('is what our own narrator tells', async () => {
    const game = startGame('english');
    for (const line of ['look', 'n', 'n', 'e', 'take everything', 'I feel lonely', 'blorp', 'rest', 'help']) {
      const { told } = await game.play(line);
      const sentences = told.story.split(/(?<=[.?!])\s/);
      expect(sentences.filter((sentence) => !isPlainEnglish(sentence))).toEqual([]);
    }
  });
});
