import type { SessionMemory, StoredMemory } from '../../contracts/memory.ts';
import { tellEpisode } from './episodes.ts';
import { trendOf } from './feelings.ts';

/**
 * The memory as lines, the least important first: what happened, oldest first, then whom the player met, how it felt, and
 * what is worth returning to.
 *
 * @param before  turns from this one on are told elsewhere, word by word
 */
export function linesOf(memory: StoredMemory, before = Infinity): string[] {
  const { episodes, people, feelings, threads } = memory;
  const lines = episodes.filter(({ from }) => from < before).map(tellEpisode);
  if (people.length > 0) lines.push(`Met: ${people.map(({ name }) => name).join(', ')}.`);
  const trend = trendOf(feelings);
  if (trend !== null) {
    const last = feelings.slice(-6).map(({ feeling }) => feeling);
    lines.push(`Feelings lately: ${last.join(', ')} (${trend}).`);
  }
  if (threads.length > 0) {
    const told = threads.map(({ kind, about, with: who }) => {
      if (kind === 'feeling') return `feeling ${about}`;
      return who === undefined ? about : `${about} (with ${who})`;
    });
    lines.push(`Worth returning to: ${told.join('; ')}.`);
  }
  return lines;
}

export function viewMemory(memory: StoredMemory): SessionMemory {
  const { episodes, goals: _, ...rest } = memory;
  return { ...rest, summary: episodes.map(tellEpisode).join('\n'), trend: trendOf(memory.feelings) };
}
