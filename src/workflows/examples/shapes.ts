import { z } from 'zod';

/** What several examples take or give. */
export const Query = z.strictObject({
  query: z
    .string()
    .max(2000)
    .regex(/[\p{L}\p{N}]/u, 'expected at least a letter or a digit'),
});

export const Document = z.object({
  id: z.string(),
  title: z.string(),
  text: z.string(),
  score: z.number().min(0).max(1),
});
export type Document = z.infer<typeof Document>;

/** A document that an answer may cite as `[n]`. */
export const Source = Document.omit({ text: true }).extend({ n: z.int().positive() });

export const Usage = z.object({ input_tokens: z.int().min(0), output_tokens: z.int().min(0) });
