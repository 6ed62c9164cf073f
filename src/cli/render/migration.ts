import type { MigrationReport, Removal, Verification } from '../ports.ts';
import { printable } from './text.ts';

/** Problems that are shown; --json has them all. */
const SHOWN = 20;

const WORDS = {
  moved: 'taken over',
  moved_before: 'taken over before',
  in_flight: 'still reserved by a consumer of the original; run again later',
  id_taken: 'another message of this id is in the mailbox; run again when it is handled',
  queue_full: 'no room in the mailbox; run again when there is',
  corrupt: 'no messages; they stay where they are',
  orphan: 'only copies of messages; --orphans takes them over',
} as const;

export function renderMigration(report: MigrationReport): string[] {
  const { from, to, agents, total, problems, obsolete } = report;
  const lines = [`${report.dry_run ? 'Would take over' : 'Took over'} from "${from}" to "${to}":`];
  for (const [agent, fates] of Object.entries(agents)) {
    const counts = Object.entries(fates).map(([fate, n]) => `${n} ${fate}`);
    lines.push(`  ${printable(agent)}: ${counts.join(', ')}`);
  }
  if (Object.keys(agents).length === 0) lines.push('  No messages of the original were found.');
  for (const [fate, words] of Object.entries(WORDS) as [keyof typeof WORDS, string][])
    if (total[fate] > 0) lines.push(`${total[fate]} ${words}`);
  for (const { agent, key, fate, message_id: id, digest, issues } of problems.slice(0, SHOWN)) {
    const what = issues.map(({ path, message }) => `${path || 'entry'}: ${message}`).join('; ');
    lines.push(`  ${fate}  ${printable(`${agent}  ${id ?? digest}  ${key}  ${what}`).trimEnd()}`);
  }
  if (problems.length > SHOWN) lines.push(`  and ${problems.length - SHOWN} more; --json shows them`);
  for (const { key, why } of obsolete) lines.push(`not taken over: ${printable(key)} (${why})`);
  return lines;
}

export function renderVerification({ from, agents, taken_over, left, is_complete }: Verification): string[] {
  return [
    ...Object.entries(agents).map(
      ([agent, own]) => `  ${printable(agent)}: ${own.taken_over} taken over, ${own.left} left`,
    ),
    `${taken_over} under "${from}" were taken over, ${left} are left`,
    is_complete
      ? 'Everything was taken over: --delete-source deletes the old keys.'
      : 'Not everything was taken over.',
  ];
}

export function renderRemoval({ deleted, left, obsolete_deleted }: Removal): string[] {
  return [
    `deleted ${deleted} messages of the old keys, and ${obsolete_deleted} keys that have no counterpart`,
    left === 0 ? 'nothing is left' : `${left} messages were not taken over; they stay`,
  ];
}
