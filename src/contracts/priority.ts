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

/** Priorities of messages between agents, where the larger number goes first: LOW, NORMAL, HIGH. */
export const MESSAGE_PRIORITIES = [1, 5, 9] as const;
export const MessagePriority = z.literal([...MESSAGE_PRIORITIES], 'expected 1 (LOW), 5 (NORMAL) or 9 (HIGH)');
export type MessagePriority = z.infer<typeof MessagePriority>;

/** The BullMQ number of a message's priority: HIGH 1, NORMAL 5, LOW 9. */
export function messageJobPriority(priority: MessagePriority): number {
  return 10 - priority;
}
