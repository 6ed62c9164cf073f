import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { answerForm } from '../../../src/models/answer-form.ts';
import { askAgain, openConversation } from '../../../src/models/messages.ts';

const FORM = answerForm('word', z.strictObject({ word: z.string() }));
const open = (player: string, context: unknown = null) =>
  openConversation({ system: 'Say a word.', context, player }, FORM);

/** What somebody may write who wants out of the mark. */
const hostile = fc
  .array(
    fc.constantFrom('<', '/', 'player', 'PLAYER', '>', ' ', '\n', 'context', '\\u003c', 'system', '&lt;'),
  )
  .map((parts) => parts.join(''));

describe('what the player wrote', () => {
  test('is one user message that opens and closes its mark once, whatever it says', () => {
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string()), (player) => {
        const { messages } = open(player);
        expect(messages.map(({ role }) => role)).toEqual(['user']);
        const { content } = messages[0]!;
        expect(content.startsWith('<player>\n')).toBe(true);
        expect(content.endsWith('\n</player>')).toBe(true);
        expect(content.slice(9, -10)).not.toMatch(/<\s*\/?\s*player/i);
      }),
    );
  });

  test('changes nothing of the instructions', () => {
    fc.assert(
      fc.property(hostile, (player) => {
        expect(open(player).instructions).toBe(open('').instructions);
      }),
    );
  });

  test('is sent as it stands where it is no mark', () => {
    expect(open('I say "a < b" & smile').messages[0]!.content).toContain('I say "a < b" & smile');
  });
});

test('a context cannot close its mark, and can be read back', () => {
  fc.assert(
    fc.property(fc.record({ said: hostile }), (context) => {
      const { instructions } = open('', context);
      expect(instructions.match(/<\/context>/g)).toHaveLength(2); // named in the rules, and at its end
      const json = /<context>\n([^]*?)\n<\/context>/.exec(instructions)?.[1] ?? '';
      expect(JSON.parse(json)).toEqual(context);
    }),
  );
});

test('a repair shows the answer and what is wrong with it, both within limits', () => {
  const issues = Array.from({ length: 40 }, (_, index) => `issue ${index}`);
  const { instructions, messages } = askAgain(open('hello'), 'x'.repeat(20_000), issues);
  expect(instructions).toBe(open('hello').instructions);
  expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  expect(messages[1]!.content).toHaveLength(6_000);
  expect(messages[2]!.content).toContain('- issue 11\n');
  expect(messages[2]!.content).not.toContain('issue 12');
});
