import { z } from 'zod';

/**
 * What a model may propose for a place nobody has walked yet. It names no ids and no ways: those are ours. What is in it
 * is judged piece by piece, so its texts are only as long as what the judging looks at.
 *
 * Source: spec, workflows 3.2, "LLM mode"
 */
export const PlaceProposal = z.strictObject({
  name: z.string().describe('two to four lower-case words that read well behind "the"'),
  description: z.string().describe('two or three sentences: what one sees, hears and smells on arriving'),
  mood: z.string().describe('one lower-case word'),
  objects: z
    .array(
      z.strictObject({
        name: z.string().describe('one to three lower-case words'),
        description: z.string().describe('one sentence that begins with "It"'),
        use_text: z.string().describe('what using it is like: one sentence that begins with "You"'),
        portable: z.boolean(),
      }),
    )
    .max(3),
  people: z
    .array(
      z.strictObject({
        name: z.string().describe('what the person is, one to three lower-case words'),
        description: z.string().describe('one sentence'),
        mood: z.string().describe('one lower-case word'),
      }),
    )
    .max(1),
});
export type PlaceProposal = z.infer<typeof PlaceProposal>;
