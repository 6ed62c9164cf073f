import { z } from 'zod';
import { saga, step } from '../../src/entries/primitives.ts';
import { asDefinition } from '../../src/entries/primitives-durable.ts';

// The module of docs/testing.md.

// #region plans
const reserve = step({
  name: 'reserve',
  queue: 'ipa',
  input: z.string(),
  output: z.string(),
  run: async (room, ctx) => `${room} for ${ctx.idempotencyKey.length > 0 ? 'you' : 'nobody'}`,
});

const release = step({
  name: 'release',
  queue: 'ipa',
  input: z.object({ input: z.string() }),
  output: z.string(),
  run: async ({ input }) => `${input} is free`,
});

const charge = step({
  name: 'charge',
  queue: 'nga',
  input: z.string(),
  output: z.number(),
  run: async (reserved) => {
    if (reserved.startsWith('suite')) throw new Error('no money');
    return reserved.length;
  },
});

export const booking = saga<string>('trip').step(reserve, { compensate: release }).step(charge).build();

export const plans = [asDefinition(booking, { name: 'booking', input: z.string() })];
// #endregion
