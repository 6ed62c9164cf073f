import { z } from 'zod';
import { sleep } from '../../src/kernel/abort.ts';
import { stream } from '../../src/primitives/stream/stream.ts';
import type { Catalog } from '../../src/workflows/catalog/catalog.ts';
import { planCatalog } from './durable-runner.ts';
import { untilAbort } from './harness.ts';

export const STORY = ['Once ', 'upon ', 'a ', 'time ', 'there ', 'was ', 'rain.'];

/** A story that is told piece by piece; with `hangs` it never gets beyond its third one. */
export function storyCatalog(hangs: boolean): Catalog {
  const tell = stream({
    name: 'tell',
    queue: 'nga',
    input: z.unknown(),
    async *generate(_, { signal }) {
      for (const [index, piece] of STORY.entries()) {
        if (hangs && index === 3) await untilAbort(signal);
        yield piece;
        await sleep(5, signal);
      }
    },
  });
  return planCatalog({ story: tell });
}
