import { z } from 'zod';
import { IsoTime } from './identifiers.ts';

/** Where a definition comes from: the code of the release, or a registration over HTTP. */
export const DefinitionSource = z.enum(['code', 'stored']);
export type DefinitionSource = z.infer<typeof DefinitionSource>;

export const DefinitionVersion = z.int().min(1).max(1_000_000_000);

const KnownVersion = z.strictObject({ version: DefinitionVersion, source: DefinitionSource });

/** A workflow by name, with its versions in ascending order. */
export const DefinitionSummary = z
  .strictObject({
    name: z.string(),
    /** What a run gets that names no version. */
    latest: DefinitionVersion,
    versions: z.array(KnownVersion),
  })
  .meta({ id: 'DefinitionSummary' });
export type DefinitionSummary = z.infer<typeof DefinitionSummary>;

const DrawnNode = z.strictObject({
  id: z.string(),
  path: z.string(),
  kind: z.string(),
  name: z.string().optional(),
  settings: z.record(z.string(), z.unknown()),
});

/** One version of a workflow. */
export const DefinitionView = z
  .strictObject({
    name: z.string(),
    version: DefinitionVersion,
    source: DefinitionSource,
    versions: z.array(KnownVersion),
    /** A run's whole time, when it is started without one. */
    timeout_ms: z.number(),
    /** SHA-256 of the content; null for a definition in code. */
    sha256: z.string().nullable(),
    created_at: IsoTime.nullable(),
    created_by: z.string().nullable(),
    /** As it was registered, without its version; null for a definition in code. */
    definition: z.unknown(),
    /** The plan: an edge leads from a node to what stands below it. */
    graph: z.strictObject({
      hash: z.string(),
      nodes: z.array(DrawnNode),
      edges: z.array(z.strictObject({ from: z.string(), to: z.string(), label: z.string() })),
      notes: z.array(z.strictObject({ path: z.string(), rule: z.string(), message: z.string() })),
    }),
  })
  .meta({ id: 'Definition' });
export type DefinitionView = z.infer<typeof DefinitionView>;
