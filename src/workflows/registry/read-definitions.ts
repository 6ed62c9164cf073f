import { z } from 'zod';
import type { RedisStore } from '../../redis/store.ts';

const SHA_LENGTH = 64;

const Envelope = z.looseObject({ created_at: z.string(), created_by: z.string(), content: z.unknown() });

/** A definition as it was registered. */
export interface StoredDefinition {
  readonly name: string;
  readonly version: number;
  /** Of the content. */
  readonly sha256: string;
  /** Without its version. */
  readonly content: unknown;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly createdBy: string;
}

export interface StoredDefinitions {
  /** The one they were read at, or an older one: what is read again is never missed. */
  readonly revision: string;
  /** null: nothing changed since `known`. */
  readonly definitions: readonly StoredDefinition[] | null;
}

/** All that are registered, when they are not of the revision that is known. One round trip, or two. */
export async function readDefinitions(
  { redis, keys }: RedisStore,
  known: string | null,
): Promise<StoredDefinitions> {
  const revision = (await redis.get(keys.definitionsRevision())) ?? '0';
  if (revision === known) return { revision, definitions: null };
  const stored = await redis.hgetall(keys.definitions());
  return { revision, definitions: Object.entries(stored).flatMap(([field, value]) => decode(field, value)) };
}

/** A deleted one, a mark, or one that cannot be read, is none. */
function decode(field: string, value: string): StoredDefinition[] {
  const [name = '', version] = field.split('@');
  if (value.length <= SHA_LENGTH || !Number.isInteger(Number(version))) return [];
  const envelope = Envelope.safeParse(parseJson(value.slice(SHA_LENGTH)));
  if (!envelope.success) return [];
  const { content, created_at: createdAt, created_by: createdBy } = envelope.data;
  const sha256 = value.slice(0, SHA_LENGTH);
  return [{ name, version: Number(version), sha256, content, createdAt, createdBy }];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
