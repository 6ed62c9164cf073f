import { z } from 'zod';

/** Priority classes as everybody outside sees them. */
export const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const;
export const Priority = z.enum(PRIORITIES);
export type Priority = z.infer<typeof Priority>;

/** In BullMQ a smaller number goes first and 0 overtakes all, so 0 is never used. */
const BASE: Readonly<Record<Priority, number>> = { critical: 1, high: 20, normal: 100, low: 1000 };

/** A later stage of a run goes before an earlier one, so that started runs finish before new ones begin. */
export function jobPriority(priority: Priority, stageIndex: number): number {
  return BASE[priority] + Math.max(0, 9 - stageIndex);
}

/** The class of a BullMQ priority number, for display; 0 (set by nobody of ours) overtakes all. */
export function priorityClass(jobPriorityNumber: number): Priority {
  if (jobPriorityNumber < BASE.high) return 'critical';
  if (jobPriorityNumber < BASE.normal) return 'high';
  return jobPriorityNumber < BASE.low ? 'normal' : 'low';
}
