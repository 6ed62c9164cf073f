import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { PhraseScan } from '../../../src/safety/decide/scan.ts';
import { LearnedModel } from '../../../src/safety/learned/learned-model.ts';
import { modelHeader } from '../../../src/safety/learned/read-cues.ts';
import { SecondOpinion } from '../../../src/safety/learned/second-opinion.ts';
import { TextReading } from '../../../src/safety/read-text.ts';
import { lexicon, validatorWith } from './validator.ts';

const { validateText } = validatorWith();
const reading = new TextReading(lexicon);
const scan = new PhraseScan(lexicon);
const second = new SecondOpinion(lexicon, lexicon.learned!);

function opinionOf(text: string) {
  reading.read(text);
  scan.run(reading);
  return second.of(reading, scan, []);
}

describe('an opinion', () => {
  test('is higher of words that speak of a crisis than of a story', () => {
    const crisis = opinionOf('nobody would notice if my chair stayed empty, I have written the letters');
    const story = opinionOf('we take the ferry to the market and sell the golden lute');
    expect(crisis.crisis).toBeGreaterThan(0.5);
    expect(story.crisis).toBeLessThan(0.1);
    expect(story.safe).toBeGreaterThan(0.8);
  });

  test('is not asked of lines that hold nothing alarming', () => {
    const alarmed = (text: string): boolean => {
      reading.read(text);
      return second.isAlarmed(reading);
    };
    expect(alarmed('')).toBe(false);
    expect(alarmed('walk north and open the door')).toBe(false);
    expect(alarmed('nobody would miss me if I was gone')).toBe(true);
  });

  test('of a long text is that of its worst stretch', () => {
    const confession =
      'Nobody would notice if my chair stayed empty. I have written the letters and given the cat away. ' +
      'I only want it to be over. I do not see myself here in spring, and they would all breathe easier. ';
    const story = 'We sail past the island and trade our amber for rope. The captain counts it twice. ';
    const hidden = opinionOf(story.repeat(16) + confession.repeat(2) + story.repeat(16));
    expect(hidden.crisis).toBeGreaterThan(opinionOf(story.repeat(32)).crisis + 0.3);
    expect(hidden.to - hidden.from).toBeLessThanOrEqual(60);
  });
});

describe('what was learned', () => {
  test('finds what no phrase foresees, and says that it did', () => {
    const result = validateText('My shoulder is out again. He says I bruise for attention.');
    expect(result).toMatchObject({ crisis_detected: true, crisis_types: ['abuse'], level: 'warning' });
    expect(result.findings[0]).toMatchObject({ validation_type: 'context_aware' });
  });

  test('never overrules a plain statement', () => {
    expect(validateText('I want to kill myself, said over tea and golden cakes').crisis_detected).toBe(true);
  });

  test('says nothing of what the narrator tells', () => {
    const text = 'My shoulder is out again. He says I bruise for attention.';
    expect(validateText(text, { stage: 'output' }).crisis_detected).toBe(false);
  });

  test('is as new as the lines and the word lists', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/learn-safety.ts', '--check'], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});

test.each([
  ['another kind of file', 'weights'],
  ['an unknown outcome', `${modelHeader()}\nword\tknife\t\tjoy=1`],
  ['a weight that is no number', `${modelHeader()}\nword\tknife\t\tsafe=much`],
  ['an unknown kind of cue', `${modelHeader()}\nsmell\tknife\t\tsafe=1`],
])('a file with %s is refused', (_, file) => {
  expect(() => new LearnedModel(file)).toThrow('the learned cues cannot be read');
});
