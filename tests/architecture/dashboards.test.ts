import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  METRIC_CATALOGUE,
  METRIC_PREFIX,
  type MetricSpec,
} from '../../src/observability/metric-catalogue.ts';
import { createMetrics } from '../../src/observability/metrics.ts';

const dashboards = new URL('../../dashboards/', import.meta.url);
const deploymentGuide = readFileSync(new URL('../../docs/deployment.md', import.meta.url), 'utf8');

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: unknown;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly { readonly expr: string; readonly datasource: unknown }[];
}
interface Board {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
}
interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}
interface RuleTest {
  readonly name: string;
  readonly input_series: readonly { readonly series: string }[];
  readonly alert_rule_test: readonly {
    readonly alertname: string;
    readonly exp_alerts: readonly unknown[];
  }[];
}

const BOARD_NAMES = ['overview', 'queues'] as const;
const boards = BOARD_NAMES.map((name) => ({ name, board: readBoard(name) }));
// The casts name what the files hold; a file of another shape fails the tests that read it.
const RULE_FILES = (readYaml('prometheus/prometheus.yml') as { rule_files: string[] }).rule_files;
const rules = RULE_FILES.flatMap((file) =>
  (readYaml(`prometheus/${file}`) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules),
);
const ruleTests = ['rules.test.yml', 'safety.rules.test.yml'].flatMap(
  (file) => (readYaml(`prometheus/${file}`) as { tests: RuleTest[] }).tests,
);
const alerts = rules.flatMap((rule) => (rule.alert === undefined ? [] : [{ ...rule, alert: rule.alert }]));

const expressions: { where: string; text: string }[] = [
  ...boards.flatMap(({ name, board }) =>
    promqlOf(board).map((text) => ({ where: `dashboards/grafana/${name}.json`, text })),
  ),
  ...rules.map((rule) => ({ where: `rules ${rule.alert ?? rule.record}`, text: rule.expr })),
  ...ruleTests.flatMap((ruleTest) =>
    ruleTest.input_series.map(({ series }) => ({ where: `rules.test.yml ${ruleTest.name}`, text: series })),
  ),
];

describe('what dashboards and rules ask for', () => {
  test('is a metric that exists', async () => {
    const known = await exportedSeries();
    expect(expressions.length).toBeGreaterThan(100);
    expect(expressions.flatMap(({ where, text }) => unknownMetrics(text, known, where))).toEqual([]);
  });

  test('is selected and grouped by labels that its metric has', () => {
    expect(expressions.flatMap(({ where, text }) => unknownLabels(text, where))).toEqual([]);
  });

  test('is a recorded name only where a rule records it', () => {
    const recorded = new Set(rules.flatMap((rule) => rule.record ?? []));
    const used = expressions.flatMap(({ text }) => text.match(/\b[a-z]+:[a-z_]+:[a-z0-9_]+/g) ?? []);
    expect(used.filter((name) => !recorded.has(name))).toEqual([]);
  });

  test('would be reported, were it wrong', async () => {
    const known = await exportedSeries();
    const wrong = (text: string) => [...unknownMetrics(text, known, 'here'), ...unknownLabels(text, 'here')];
    expect(wrong('rate(agent_orchestration_jobs_completed[5m])')).not.toEqual([]);
    expect(wrong('agent_orchestration_job_wait_seconds > 1')).not.toEqual([]); // a histogram has no bare series
    expect(wrong('agent_orchestration_queue_jobs_bucket')).not.toEqual([]); // and a gauge no buckets
    expect(wrong('nodejs_eventloop_lag_p98_seconds')).not.toEqual([]);
    expect(wrong('agent_orchestration_queue_jobs{agent="ipa"}')).not.toEqual([]);
    expect(wrong('sum by (agent) (agent_orchestration_queue_jobs)')).not.toEqual([]);
    expect(wrong('sum by (queue) (agent_orchestration_dlq_length{queue="ipa"})')).toEqual([]);
  });
});

test('every file of rules is one that Prometheus loads', () => {
  const files = readdirSync(new URL('prometheus/', dashboards)).filter((file) => file.endsWith('rules.yml'));
  expect(files.toSorted()).toEqual(RULE_FILES.toSorted());
});

describe.each(boards)('board $name', ({ board }) => {
  const panels = board.panels.filter((panel) => panel.type !== 'row');

  test('lets the operator choose the Prometheus, and every query follows the choice', () => {
    expect(board.templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource' });
    const chosen = { type: 'prometheus', uid: '${datasource}' };
    for (const panel of panels) {
      expect(panel.datasource).toEqual(chosen);
      for (const target of panel.targets ?? []) expect(target.datasource).toEqual(chosen);
    }
  });

  test('explains every panel and names its unit', () => {
    const mute = panels.filter((panel) => !panel.description || !panel.fieldConfig?.defaults.unit);
    expect(mute.map((panel) => panel.title)).toEqual([]);
  });

  test('has a place of its own for every panel', () => {
    expect(new Set(board.panels.map((panel) => panel.id)).size).toBe(board.panels.length);
    const cells = board.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...board.panels.map(({ gridPos }) => gridPos.x + gridPos.w))).toBeLessThanOrEqual(24);
  });
});

describe('alerts', () => {
  test.each(alerts)(
    '$alert $labels.severity says how bad, what, and what to do',
    ({ labels, annotations }) => {
      expect(labels?.['severity']).toMatch(/^(?:warning|error|critical)$/);
      expect(annotations?.['summary']).toBeTruthy();
      expect(annotations?.['description']).toBeTruthy();
      expect(annotations?.['runbook']).toMatch(/^docs\/deployment\.md#[a-z]+$/);
    },
  );

  test.each(alerts)('the runbook of $alert exists', ({ alert, annotations }) => {
    expect(annotations?.['runbook']).toBe(`docs/deployment.md#${alert.toLowerCase()}`);
    expect(deploymentGuide).toMatch(new RegExp(`^### ${alert}$`, 'm'));
  });

  test.each([...new Set(alerts.map(({ alert }) => alert))])('%s has a firing and a quiet test', (alert) => {
    const outcomes = ruleTests
      .flatMap((ruleTest) => ruleTest.alert_rule_test)
      .filter(({ alertname }) => alertname === alert)
      .map(({ exp_alerts }) => (exp_alerts.length > 0 ? 'fires' : 'quiet'));
    expect(outcomes).toContain('fires');
    expect(outcomes).toContain('quiet');
  });
});

/** Every series a process exports: ours from the catalogue, those of Node and the process from a real scrape. */
async function exportedSeries(): Promise<ReadonlySet<string>> {
  const ours = METRIC_CATALOGUE.flatMap((spec) => seriesOf(METRIC_PREFIX + spec.name, spec.type));
  const { body } = await createMetrics({ role: 'test', version: '0.0.0' }).render();
  const defaults = [...body.matchAll(/^# TYPE ((?:nodejs|process)_\w+) (\w+)$/gm)].flatMap(([, name, type]) =>
    seriesOf(name ?? '', type ?? ''),
  );
  return new Set([...ours, ...defaults]);
}

function seriesOf(name: string, type: string): string[] {
  return type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
}

function unknownMetrics(promql: string, known: ReadonlySet<string>, where: string): string[] {
  const names = promql.match(/\b(?:agent_orchestration|nodejs|process)_\w+/g) ?? [];
  return names.filter((name) => !known.has(name)).map((name) => `${where}: ${name}`);
}

/** What Prometheus and prometheus.yml add to every series, and `le` of histograms. */
const TARGET_LABELS = ['job', 'instance', 'service', 'le'];

/** Checks selectors against their own metric, and `by (…)` against all metrics of the expression. */
function unknownLabels(promql: string, where: string): string[] {
  const labels = new Map<string, readonly string[]>(
    METRIC_CATALOGUE.flatMap((spec: MetricSpec) =>
      seriesOf(METRIC_PREFIX + spec.name, spec.type).map((series) => [series, spec.labels] as const),
    ),
  );
  const wrong: string[] = [];
  const used = new Set(TARGET_LABELS);
  for (const [, name = '', selector = ''] of promql.matchAll(
    /\b(agent_orchestration_\w+)(?:\{([^}]*)\})?/g,
  )) {
    const own = [...(labels.get(name) ?? []), ...TARGET_LABELS];
    for (const label of own) used.add(label);
    for (const [, label = ''] of selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)) {
      if (!own.includes(label)) wrong.push(`${where}: ${name} has no label ${label}`);
    }
  }
  if (!promql.includes(METRIC_PREFIX)) return wrong;
  for (const [, list = ''] of promql.matchAll(/\bby \(([^)]*)\)/g)) {
    for (const label of list.split(/,\s*/)) {
      if (!used.has(label)) wrong.push(`${where}: nothing here has a label ${label}`);
    }
  }
  return wrong;
}

/** The queries of panels, of variables and of annotations, wherever they are nested. */
function promqlOf(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(promqlOf);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    typeof value === 'string'
      ? ['expr', 'definition', 'query'].includes(key)
        ? [value]
        : []
      : promqlOf(value),
  );
}

function readBoard(name: string): Board {
  return JSON.parse(readFileSync(new URL(`grafana/${name}.json`, dashboards), 'utf8')) as Board;
}

function readYaml(path: string): unknown {
  return parse(readFileSync(new URL(path, dashboards), 'utf8'));
}
