import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalog } from '../../src/workflows/catalog/catalog.ts';
import { broken, doing, effectCatalog } from './effect-plans.ts';

/**
 * Plans that kill their own process, once each: `asks` after its model has answered and before its result is recorded,
 * `undoes` in the middle of its rollback.
 *
 * @param folder  what happened is noted here, in `calls`
 */
export function deadlyPlans(folder: string): Catalog {
  const note = (call: string): void => appendFileSync(join(folder, 'calls'), `${call}\n`);
  const dieOnce = (where: string): void => {
    const mark = join(folder, `died-${where}`);
    if (existsSync(mark)) return;
    writeFileSync(mark, '');
    process.kill(process.pid, 'SIGKILL');
  };
  const setting = (name: string) => doing(`set_${name}`, (ctx) => ctx.effects.setKey(name, 'new'));
  return effectCatalog({
    asks: {
      steps: [
        doing('ask', async (ctx) => {
          const answer = await ctx.memo('answer', async () => {
            note('asked');
            return { text: 'an answer', at: process.pid };
          });
          dieOnce('asks');
          return answer;
        }),
      ],
    },
    undoes: {
      steps: [
        setting('one'),
        doing('pay', (ctx) => ctx.effects.onRollback('refund', 5)),
        setting('two'),
        broken,
      ],
      compensators: {
        refund: async (args, { idempotencyKey }) => {
          note(`refund ${String(args)} ${idempotencyKey.slice(idempotencyKey.indexOf('.'))}`);
          dieOnce('undoes');
        },
      },
    },
  });
}
