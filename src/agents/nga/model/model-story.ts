import { z } from 'zod';
import { TherapeuticElement, Tone } from '../../../contracts/narrative.ts';

/** The form in which a model tells a turn. The story comes first, so that it can be read while the rest is made. */
export const ModelStory = z.strictObject({
  story: z.string().min(1).max(8000),
  tone: Tone,
  therapeutic_elements: z.array(TherapeuticElement).max(5),
  choices: z.array(z.string().min(1).max(120)).max(6),
});
export type ModelStory = z.infer<typeof ModelStory>;
