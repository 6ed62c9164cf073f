import { z } from 'zod';

/**
 * A patch from the new world back to the one before it, as `worldPatch(next, before)` of `src/sessions/world` makes it.
 * So `before` is what a touched place holds now (without it there is nothing any more), the first of two values is the
 * new one, and of the events `dropped` came and `added` went. What the old world held elsewhere is left unread.
 */
export const OutboxPatch = z.object({
  changes: z.array(z.object({ path: z.array(z.string()).min(1), before: z.unknown().optional() })),
  turn: z.tuple([z.int(), z.int()]),
  updated_at: z.tuple([z.string(), z.string()]),
  events: z.object({ added: z.array(z.unknown()), dropped: z.array(z.unknown()) }),
});
export type OutboxPatch = z.infer<typeof OutboxPatch>;

/** One entry of the outbox. Whatever cannot be read of a patch is null: then the whole world is read instead. */
export type OutboxEntry =
  | {
      readonly kind: 'patch';
      readonly id: string;
      readonly worldId: string;
      readonly version: number | null;
      readonly patch: OutboxPatch | null;
      /** Epoch ms. */
      readonly at: number;
    }
  | { readonly kind: 'forget'; readonly id: string; readonly worldId: string }
  | { readonly kind: 'unreadable'; readonly id: string };

const WorldId = z.string().min(1).max(128);
const Count = z.string().regex(/^\d+$/).transform(Number).pipe(z.int().min(1));

/** @param id  of the entry in the stream; its first part is the time that counts when `at` is missing */
export function readEntry(id: string, fields: Readonly<Record<string, string>>): OutboxEntry {
  const worldId = WorldId.safeParse(fields['world_id']).data;
  if (worldId === undefined) return { kind: 'unreadable', id };
  if (fields['kind'] === 'forget') return { kind: 'forget', id, worldId };
  if (fields['kind'] !== 'patch') return { kind: 'unreadable', id };
  return {
    kind: 'patch',
    id,
    worldId,
    version: Count.safeParse(fields['version']).data ?? null,
    patch: OutboxPatch.safeParse(json(fields['patch'])).data ?? null,
    at: Count.safeParse(fields['at']).data ?? Number(id.split('-')[0]),
  };
}

function json(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
