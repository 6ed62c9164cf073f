import type { AgentsFigures } from './agents.ts';
import type { IdleFigures } from './idle-fleet.ts';
import { BREAKER_SUBJECTS, type BreakersFigures } from './breakers.ts';
import type { Comparison } from './compare.ts';
import type { CompileFigures } from './compile.ts';
import type { CrisisFigures } from './crisis.ts';
import type { EnqueueFigures } from './enqueue-rate.ts';
import type { LatencyFigures, ThroughputFigures } from './interleaved.ts';
import { MESSAGE_SUBJECTS, type MessagesFigures } from './messages.ts';
import type { OpenRunsFigures } from './open-runs.ts';
import type { TurnFigures } from './real-turns.ts';
import type { Spread } from './statistics.ts';
import type { RoundTrips } from './round-trips.ts';
import type { SafetyFigures } from './safety.ts';

export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGiB: number;
  readonly node: string;
  readonly redis: string;
  readonly bullmq: string;
}

/** The document of `--json`. Milliseconds and seconds are in the names; ratios are fleet over bare. */
export interface Report {
  readonly machine: Machine;
  /** Of every worker, bare and ours. */
  readonly concurrency: number;
  readonly roundTrips?: RoundTrips;
  readonly throughput?: ThroughputFigures;
  readonly latency?: LatencyFigures;
  /** Other shapes of workflows against the same jobs of plain BullMQ; ratios are over bare. */
  readonly shapes?: Readonly<Record<string, Comparison>>;
  /** Ratios are over the fleet with few open runs. */
  readonly openRuns?: OpenRunsFigures;
  readonly compile?: CompileFigures;
  readonly enqueue?: EnqueueFigures;
  readonly turns?: readonly TurnFigures[];
  readonly safety?: SafetyFigures;
  readonly crisis?: CrisisFigures;
  readonly messages?: MessagesFigures;
  readonly agents?: AgentsFigures;
  readonly breakers?: BreakersFigures;
  readonly idle?: IdleFigures;
}

export function renderReport(report: Report): string {
  const { machine } = report;
  const lines = [
    `${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB, node ${machine.node}, redis ${machine.redis}, bullmq ${machine.bullmq}`,
    ...engineLines(report),
    ...comparisonLines(report),
    ...compileLines(report),
    ...httpLines(report),
    ...safetyLines(report),
    ...crisisLines(report),
    ...messageLines(report),
    ...agentLines(report),
    ...breakerLines(report),
    ...idleLines(report),
  ];
  return `${lines.join('\n')}\n`;
}

function engineLines({ throughput, latency, roundTrips, concurrency }: Report): string[] {
  if (throughput === undefined || latency === undefined || roundTrips === undefined) return [];
  const { bareTraffic: bare, fleetTraffic: fleet, ratio } = throughput;
  const rows = [
    ['', 'bare BullMQ', 'fleet', 'ratio'],
    compared(
      'runs/s, median',
      throughput.bareRunsPerSecond.median,
      throughput.fleetRunsPerSecond.median,
      ratio.median,
    ),
    ['  pair by pair, min to max', '', '', range(ratio, 2)],
    compared('Redis commands per run', bare.commandsPerRun, fleet.commandsPerRun),
    compared('Redis bytes in per run', bare.bytesInPerRun, fleet.bytesInPerRun),
    compared('Redis bytes out per run', bare.bytesOutPerRun, fleet.bytesOutPerRun),
    compared('Node CPU µs per run', throughput.bareCpuMicrosPerRun, throughput.fleetCpuMicrosPerRun),
    compared('Redis CPU µs per run', bare.serverCpuMicrosPerRun, fleet.serverCpuMicrosPerRun),
    compared('idle run p50, ms', latency.bareMs.p50, latency.fleetMs.p50),
    compared('idle run p99, ms', latency.bareMs.p99, latency.fleetMs.p99),
  ];
  return [
    `${throughput.rounds} pairs of ${throughput.runsPerRound} runs of three steps, concurrency ${concurrency}`,
    '',
    ...table(rows),
    '',
    `added to an idle run   p50 ${decimals(latency.addedMs.p50, 2)} ms, p99 ${decimals(latency.addedMs.p99, 2)} ms`,
    `own round trips        ${decimals(roundTrips.perStep, 2)} per step; per run ${decimals(roundTrips.perRun, 2)} = start ${decimals(roundTrips.perStart, 2)}, steps ${decimals(3 * roundTrips.perStep, 2)}, end ${decimals(roundTrips.perSettlement, 2)}`,
  ];
}

/** One row per subject: runs per second, and how that compares to the first one of its comparison. */
function comparisonLines({ shapes = {}, openRuns }: Report): string[] {
  const parts = Object.entries(shapes);
  if (openRuns !== undefined) parts.push([`open runs, ${openRuns.few} and ${openRuns.many}`, openRuns]);
  return parts.flatMap(([name, { rounds, runsPerRound, runsPerSecond, ratios }]) => [
    '',
    ...table([
      [name, 'runs/s, median', 'ratio', 'min to max'],
      ...Object.entries(runsPerSecond).map(([subject, { median }]) => {
        const ratio = ratios[subject];
        const shown = ratio === undefined ? ['', ''] : [decimals(ratio.median, 2), range(ratio, 2)];
        return [`  ${subject}`, decimals(median, 0), ...shown];
      }),
    ]),
    `  ${rounds} rounds of ${runsPerRound} runs each`,
  ]);
}

function compileLines({ compile }: Report): string[] {
  if (compile === undefined) return [];
  const rows = Object.entries(compile.ms).map(([shape, ms]) => [
    `  ${shape}`,
    decimals(ms.median, 1),
    '',
    range(ms, 1),
  ]);
  return ['', ...table([[`plans of ${compile.nodes} nodes`, 'ms, median', '', 'min to max'], ...rows])];
}

function httpLines({ enqueue, turns = [] }: Report): string[] {
  const told = turns.map(
    (figures) =>
      `turns, ${String(figures.sessions).padStart(3)} session${figures.sessions === 1 ? ' ' : 's'}    ${decimals(figures.turnsPerSecond, 0)}/s: p50 ${decimals(figures.p50Ms, 1)} ms, p95 ${decimals(figures.p95Ms, 1)} ms, errors ${figures.errors} of ${figures.turns}`,
  );
  if (enqueue === undefined) return told;
  return [
    '',
    `enqueue over HTTP      ${enqueue.perSecond}/s: p50 ${decimals(enqueue.p50Ms, 1)} ms, p99 ${decimals(enqueue.p99Ms, 1)} ms, errors ${enqueue.errors} of ${enqueue.requests}`,
    `  control, /livez      ${enqueue.perSecond}/s: p50 ${decimals(enqueue.control.p50Ms, 1)} ms, p99 ${decimals(enqueue.control.p99Ms, 1)} ms`,
    ...told,
  ];
}

function safetyLines({ safety }: Report): string[] {
  if (safety === undefined) return [];
  const { perSecond, latencyMicros, newTextMicros, long, megabyte, readMs, compileMs, rules } = safety;
  const rows = Object.entries(long).map(([text, { ms }]) => [
    `  ${text}`,
    decimals(ms, 2),
    decimals(megabyte[text]!.ms, 1),
    decimals(megabyte[text]!.ratio, 1),
  ]);
  return [
    '',
    `validations of 100 characters   ${decimals(perSecond.median, 0)}/s on one core (${range(perSecond, 0)})`,
    `up to 500 characters            p50 ${decimals(latencyMicros.p50, 1)} µs, p99 ${decimals(latencyMicros.p99, 1)} µs`,
    `  never seen                    p50 ${decimals(newTextMicros.p50, 1)} µs, p99 ${decimals(newTextMicros.p99, 1)} µs`,
    `word lists                      read in ${decimals(readMs, 0)} ms, compiled in ${decimals(compileMs, 0)} ms`,
    `500 patterns and 50 000 terms   compiled in ${decimals(rules.ms, 0)} ms, longest stall ${decimals(rules.longestStallMs, 1)} ms`,
    ...table([['ms, median', 'of 28 000', 'of 1 000 000', 'to a tenth of it'], ...rows]),
  ];
}

function crisisLines({ crisis }: Report): string[] {
  if (crisis === undefined) return [];
  const { empty, full, paged, waiting, jobsAdded } = crisis;
  const row = (what: string, { p50Ms, p99Ms }: typeof empty, more = ''): string[] => [
    what,
    decimals(p50Ms, 1),
    decimals(p99Ms, 1),
    more,
  ];
  return [
    '',
    ...table([
      ['a line in a crisis, answered in ms', 'p50', 'p99', 'max'],
      row('queues empty', empty),
      row(`${waiting} jobs waiting, no agents`, full),
      row('until the page is taken', paged, decimals(paged.maxMs, 1)),
    ]),
    `jobs added                      ${jobsAdded}`,
  ];
}

function messageLines({ messages }: Report): string[] {
  if (messages === undefined) return [];
  const rows = MESSAGE_SUBJECTS.map((name) => {
    const ratio = name === 'bare BullMQ' ? undefined : messages.ratios[name];
    const { p50, p99 } = messages.idleMs[name];
    const rate = decimals(messages.perSecond[name].median, 0);
    return [
      `  ${name}`,
      rate,
      ratio === undefined ? '' : `${decimals(ratio.median, 2)} (${range(ratio, 2)})`,
      `${decimals(p50, 2)} / ${decimals(p99, 2)}`,
    ];
  });
  return [
    '',
    ...table([['messages', 'per second, median', 'ratio', 'idle ms, p50 / p99'], ...rows]),
    `  ${messages.rounds} rounds of ${messages.messagesPerRound} messages each`,
  ];
}

function agentLines({ agents: figures }: Report): string[] {
  if (figures === undefined) return [];
  const rows = Object.entries(figures.ms).map(([what, ms]) => [
    `  ${what}`,
    decimals(ms.median, 1),
    range(ms, 1),
    decimals(figures.cpuMs[what]!.median, 1),
  ]);
  const title = [`${figures.agents} agents`, 'ms, median', 'min to max', 'CPU ms, median'];
  return ['', ...table([title, ...rows])];
}

function breakerLines({ breakers }: Report): string[] {
  if (breakers === undefined) return [];
  const rows = BREAKER_SUBJECTS.map((name) => {
    const added = name === 'bare call' ? undefined : breakers.addedMicros[name];
    return [
      `  ${name}`,
      decimals(breakers.microsPerCall[name].median, 2),
      added === undefined ? '' : decimals(added.median, 2),
      added === undefined ? '' : range(added, 2),
    ];
  });
  return [
    '',
    ...table([['calls of a closed circuit', 'CPU µs, median', 'over a bare call', 'min to max'], ...rows]),
    `  ${breakers.rounds} rounds of ${breakers.callsPerRound} calls each; shared: ${decimals(breakers.commandsPerThousand, 2)} Redis commands per 1000 calls`,
  ];
}

function idleLines({ idle }: Report): string[] {
  if (idle === undefined) return [];
  const { unregistered, registered } = idle.commandsPerSecond;
  return [
    '',
    `idle fleet   ${decimals(unregistered, 0)} commands/s in Redis, ${decimals(registered, 0)} with three agents registered, over ${idle.seconds} s`,
  ];
}

function range({ min, max }: Spread, places: number): string {
  return `${decimals(min, places)} to ${decimals(max, places)}`;
}

function compared(what: string, bare: number, fleet: number, ratio = fleet / bare): string[] {
  const places = Math.max(bare, fleet) < 100 ? 2 : 0;
  return [what, decimals(bare, places), decimals(fleet, places), decimals(ratio, 2)];
}

function decimals(value: number, places: number): string {
  return value.toFixed(places);
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]! + 3),
      )
      .join('')
      .trimEnd(),
  );
}
