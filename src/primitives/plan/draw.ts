import { childrenOf, nameOf } from './children.ts';
import { planHash, settingsOf } from './hash.ts';
import type { PlanNode } from './node.ts';

/** Something that works and will be regretted. */
export interface LintNote {
  /** Where, from the root, in the names of the drawing. */
  readonly path: string;
  readonly rule: 'unnamed_composite' | 'retry_around_breaker' | 'retry_around_effects';
  readonly message: string;
}

export interface DrawnNode {
  readonly id: string;
  readonly path: string;
  readonly kind: PlanNode['kind'];
  readonly name?: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface DrawnPlan {
  readonly hash: string;
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly label: string }[];
  readonly notes: readonly LintNote[];
}

export function drawPlan(plan: PlanNode, format: 'json'): DrawnPlan;
export function drawPlan(plan: PlanNode, format: 'mermaid'): string;
/** A plan as data, or as a mermaid flowchart; an edge leads from a node to what stands below it. */
export function drawPlan(plan: PlanNode, format: 'json' | 'mermaid'): DrawnPlan | string {
  const drawn = draw(plan);
  return format === 'json' ? drawn : toMermaid(drawn);
}

function draw(plan: PlanNode): DrawnPlan {
  const nodes: DrawnNode[] = [];
  const edges: { from: string; to: string; label: string }[] = [];
  const visit = (node: PlanNode, path: string): string => {
    const id = `n${nodes.length}`;
    const name = nameOf(node);
    nodes.push({
      id,
      path,
      kind: node.kind,
      ...(name === undefined ? {} : { name }),
      settings: settingsOf(node),
    });
    for (const child of childrenOf(node)) {
      edges.push({ from: id, to: visit(child.node, below(path, child.name)), label: child.name });
    }
    return id;
  };
  visit(plan, '');
  return { hash: planHash(plan), nodes, edges, notes: lintPlan(plan) };
}

export function lintPlan(plan: PlanNode): LintNote[] {
  const notes: LintNote[] = [];
  const visit = (node: PlanNode, path: string, hasFallback: boolean): void => {
    if (node.kind === 'sequence' || node.kind === 'saga') {
      const stages = node.kind === 'sequence' ? node.stages : node.steps.map((step) => step.node);
      for (const [index, stage] of stages.entries()) {
        if (nameOf(stage) !== undefined) continue;
        notes.push({
          path: below(path, String(index)),
          rule: 'unnamed_composite',
          message: `a ${stage.kind} without a name is known by its place: inserting a stage before it changes the paths of its steps`,
        });
      }
    }
    if (node.kind === 'step' && node.retry !== undefined && node.breaker !== undefined && !hasFallback) {
      notes.push({
        path,
        rule: 'retry_around_breaker',
        message: `while "${node.breaker}" is open, attempts pass it by: prefer a fallback around the retry`,
      });
    }
    if (node.kind === 'retry' && contains(node.body, (inner) => inner.kind === 'step' && !inner.idempotent)) {
      notes.push({
        path,
        rule: 'retry_around_effects',
        message: 'a step inside is not idempotent, and is done again with the rest',
      });
    }
    const children = childrenOf(node);
    for (const [index, child] of children.entries()) {
      // The last of the alternatives has none after it.
      const isCaught = hasFallback || (node.kind === 'fallback' && index < children.length - 1);
      visit(child.node, below(path, child.name), isCaught);
    }
  };
  visit(plan, '', false);
  return notes;
}

function contains(node: PlanNode, test: (node: PlanNode) => boolean): boolean {
  return test(node) || childrenOf(node).some((child) => contains(child.node, test));
}

const SHAPES: Partial<Record<PlanNode['kind'], readonly [string, string]>> = {
  step: ['[', ']'],
  call: ['[[', ']]'],
  when: ['{', '}'],
  match: ['{', '}'],
  route: ['{', '}'],
  wait: ['([', '])'],
};

function toMermaid({ nodes, edges }: DrawnPlan): string {
  const lines = nodes.map(({ id, kind, name }) => {
    const [open, close] = SHAPES[kind] ?? ['(', ')'];
    return `  ${id}${open}"${name === undefined ? kind : `${kind} ${name}`}"${close}`;
  });
  const arrows = edges.map(({ from, to, label }) => `  ${from} -->|"${label}"| ${to}`);
  return ['flowchart TD', ...lines, ...arrows].join('\n');
}

function below(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
