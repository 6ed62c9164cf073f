import type { RunEvent } from '../../contracts/run.ts';
import type { Paint } from './paint.ts';
import { millisText } from './quantities.ts';
import { printable } from './text.ts';

/** One event of a run as a line: time since `startedAt`, type, step, and what happened. */
export function eventLine(event: RunEvent, startedAt: number, paint: Paint): string {
  const offset = `+${millisText(Math.max(0, Date.parse(event.at) - startedAt))}`.padStart(9);
  const type = event.type.padEnd(14);
  const details = [event.step, event.agent === event.step ? undefined : event.agent, whatHappened(event)]
    .filter((part) => part !== undefined && part !== '')
    .join('  ');
  return `${paint.dim(offset)}  ${colourOf(event, paint)(type)}  ${printable(details)}`.trimEnd();
}

/** A retry in numbers, as far as the event tells: `attempt` that failed, `delay_ms` until the next one. */
export function retryFacts(event: RunEvent): {
  attempt?: number;
  delayMs?: number;
  code?: string;
  message?: string;
} {
  const data = event.data ?? {};
  const attempt = numberOf(data['attempt']) ?? numberOf(data['attempts']);
  const delayMs = numberOf(data['delay_ms']);
  const code = textOf(data['error_code']) ?? textOf(data['code']);
  const message = textOf(data['message']) ?? textOf(data['error']);
  return {
    ...(attempt !== undefined && { attempt }),
    ...(delayMs !== undefined && { delayMs }),
    ...(code !== undefined && { code }),
    ...(message !== undefined && { message }),
  };
}

function whatHappened(event: RunEvent): string {
  const { attempt, delayMs, code, message } = retryFacts(event);
  const parts: string[] = [];
  if (event.type === 'step.retrying') {
    if (attempt !== undefined) parts.push(`attempt ${attempt} failed`);
    if (delayMs !== undefined) parts.push(`next in ${millisText(delayMs)}`);
  }
  if (code !== undefined) parts.push(message === undefined ? code : `${code}: ${message}`);
  const duration = numberOf(event.data?.['duration_ms']);
  if (duration !== undefined) parts.push(millisText(duration));
  return parts.join(', ');
}

function colourOf(event: RunEvent, paint: Paint): (text: string) => string {
  if (event.type === 'step.retrying' || event.type === 'step.skipped') return paint.yellow;
  if (/failed|timed_out|cancelled/.test(event.type)) return paint.red;
  return event.type === 'run.completed' ? paint.green : paint.cyan;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
