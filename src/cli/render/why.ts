import type { RunExplanation, WhyReason } from '../../contracts/why.ts';
import type { Paint } from './paint.ts';
import { millisText } from './quantities.ts';
import { printable, wrap } from './text.ts';

/** An explanation on one screen: the sentence, then each reason with what changes it. */
export function explanationLines(
  explanation: RunExplanation,
  out: { readonly textWidth: number; readonly paint: Paint },
  nowMs: number,
): string[] {
  const { run_id: runId, summary, reasons, omitted, last_error: error } = explanation;
  const next = explanation.next_deadline_at;
  return [
    out.paint.bold(printable(runId)),
    ...wrap(summary, out.textWidth),
    ...reasons.flatMap((reason) => ['', ...reasonLines(reason, out, nowMs)]),
    ...(omitted === undefined ? [] : ['', `${omitted} more not shown`]),
    ...(error === undefined && next === undefined ? [] : ['']),
    ...(error === undefined ? [] : wrap(`last error: ${errorText(error)}`, out.textWidth)),
    ...(next === undefined ? [] : [`next deadline: ${moment(next, nowMs)}`]),
  ];
}

function reasonLines(
  { kind, subject, detail, since, until, what_changes_it: change }: WhyReason,
  { textWidth, paint }: { readonly textWidth: number; readonly paint: Paint },
  nowMs: number,
): string[] {
  const title = `${kind}  ${printable(subject)}`;
  return [
    kind === 'unexplained' ? paint.red(title) : paint.cyan(title),
    ...wrap(detail, textWidth, '  '),
    ...(since === undefined ? [] : [`  since ${moment(since, nowMs)}`]),
    ...(until === undefined ? [] : [`  until ${moment(until, nowMs)}`]),
    ...wrap(`what changes it: ${change}`, textWidth, '  '),
  ];
}

function errorText({ code, message, path }: NonNullable<RunExplanation['last_error']>): string {
  return `${path === undefined ? '' : `${path}: `}${code}, ${message}`;
}

/** A time with its distance: `2026-01-01T00:00:00.000Z (4200 ms ago)`. */
function moment(iso: string, nowMs: number): string {
  const ms = Date.parse(iso) - nowMs;
  return `${iso} (${ms < 0 ? `${millisText(-ms)} ago` : `in ${millisText(ms)}`})`;
}
