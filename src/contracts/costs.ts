import { z } from 'zod';

export const COST_GROUPS = ['day', 'model', 'user', 'workflow'] as const;
export type CostGroup = (typeof COST_GROUPS)[number];

/** UTC days such as `2026-08-15`, both included; what is left out covers the last 30 days. */
export interface CostRange {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Default `day`. */
  readonly groupBy?: CostGroup | undefined;
}

const totals = {
  requests: z.int(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  usd: z.number(),
  /** In and out together; null without tokens. */
  usd_per_1k_tokens: z.number().nullable(),
};

/** What calls of models cost. Groups are listed dearest first, days in their order. */
export const CostReport = z
  .strictObject({
    from: z.iso.date(),
    to: z.iso.date(),
    group_by: z.enum(COST_GROUPS),
    total: z.strictObject(totals),
    groups: z.array(
      z.strictObject({
        /** Null for calls that belong to nobody known. */
        key: z.string().nullable(),
        ...totals,
      }),
    ),
  })
  .meta({ id: 'CostReport' });
export type CostReport = z.infer<typeof CostReport>;
export type CostTotals = CostReport['total'];
