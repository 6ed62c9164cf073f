import type { ScriptedRule } from '../../models/scripted.ts';
import { termsOf } from '../../models/bm25.ts';

/** What the scripted model does as the coordinator of a team, and as its members. */
export const teamRules: readonly ScriptedRule[] = [
  {
    when: /^Split the request into subtasks[\s\S]*\nRequest: (.*)$/,
    say: (_request, [, request = '']) => JSON.stringify({ subtasks: tasksIn(request).map(subtask) }),
  },
  { when: /^You are the data_analyst\.[^\n]*\nTask: (.*)$/, say: (_request, [, task = '']) => figures(task) },
  { when: /^You are the summarizer\.[^\n]*\nTask: (.*)$/, say: (_request, [, task = '']) => shortened(task) },
];

/** Sentences, and what is joined with "then" or a semicolon. */
function tasksIn(request: string): string[] {
  return request
    .split(/(?<=[.!?])\s+|;\s*|,?\s+then\s+/i)
    .map((task) => task.replace(/[.!?]+$/, '').trim())
    .filter((task) => task !== '');
}

function subtask(task: string): { agent: string; task: string; priority: string } {
  return { agent: agentFor(task), task, priority: priorityOf(task) };
}

function agentFor(task: string): string {
  const asked = /\bask the (\w+)/i.exec(task)?.[1];
  if (asked !== undefined) return asked.toLowerCase();
  if (/\b(average|mean|sum|total|count|compute|calculate|analy[sz]e)\b/i.test(task)) return 'data_analyst';
  if (/\b(check|verify|whether|true)\b/i.test(task)) return 'fact_checker';
  if (/\b(summari[sz]e|shorten|in short)\b/i.test(task)) return 'summarizer';
  return 'researcher';
}

function priorityOf(task: string): string {
  if (/\b(urgent|at once|immediately)\b/i.test(task)) return 'critical';
  if (/\b(important|first)\b/i.test(task)) return 'high';
  return /\b(if there is time|later)\b/i.test(task) ? 'low' : 'normal';
}

function figures(task: string): string {
  const numbers = (task.match(/-?\d+(\.\d+)?/g) ?? []).map(Number);
  if (numbers.length === 0) return 'There are no numbers in the task.';
  const sum = numbers.reduce((total, number) => total + number, 0);
  const mean = Math.round((sum / numbers.length) * 100) / 100;
  return `${numbers.length} numbers from ${Math.min(...numbers)} to ${Math.max(...numbers)}, sum ${sum}, mean ${mean}.`;
}

/** The part between commas and colons that says the most. */
function shortened(task: string): string {
  const parts = task.replace(/^\s*(please )?summari[sz]e:?\s*/i, '').split(/[,:]\s*/);
  const [best = task] = parts.toSorted((a, b) => new Set(termsOf(b)).size - new Set(termsOf(a)).size);
  return `In short: ${best.trim()}.`;
}
