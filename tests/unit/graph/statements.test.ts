import { isInt } from 'neo4j-driver';
import { expect, test } from 'vitest';
import { FleetError } from '../../../src/kernel/errors.ts';
import { emptyRows } from '../../../src/graph/graph-rows.ts';
import { toGraphError } from '../../../src/graph/neo4j/errors.ts';
import { toParameters } from '../../../src/graph/neo4j/parameters.ts';
import { SCHEMA, statementsOf } from '../../../src/graph/neo4j/statements.ts';
import { worldRows } from '../../../src/graph/project-world.ts';
import { firstWorld } from '../../support/graph-story.ts';

function statementsFor(name: string) {
  const world = firstWorld('w');
  world.world_id = name;
  world.locations['library']!.description = name;
  world.player.flags = { [`flag_${name}`]: name };
  const rows = emptyRows();
  worldRows(rows, world, 1);
  return statementsOf(rows);
}

test('no rows, no statements', () => {
  expect(statementsOf(emptyRows())).toEqual([]);
});

test('what a world contains is never part of a statement, only of its parameters', () => {
  const evil = '"}) DETACH DELETE n //`';
  const [plain, odd] = [statementsFor('plain'), statementsFor(evil)];
  expect(odd.map(({ text }) => text)).toEqual(plain.map(({ text }) => text));
  expect(JSON.stringify(odd.map(({ parameters }) => parameters))).toContain('DETACH');
});

test('what was there goes first, then come nodes, then relations', () => {
  const texts = statementsFor('w').map(({ text }) => text);
  const at = (part: string): number => texts.findIndex((text) => text.includes(part));
  expect(at('DETACH DELETE')).toBe(0);
  expect(at('MERGE (n:World')).toBeGreaterThan(at('DETACH DELETE'));
  expect(at('MERGE (n:Object')).toBeGreaterThan(at('MERGE (n:World'));
  for (const relation of ['LOCATED_IN', 'CARRIES', 'CONNECTS_TO', 'KNOWS']) {
    expect(at(relation), relation).toBeGreaterThan(at('MERGE (n:Event'));
  }
});

test('the schema may be made again and again', () => {
  for (const statement of SCHEMA) expect(statement).toContain('IF NOT EXISTS');
});

test('whole numbers are sent as such, but a disposition of 1 stays a fraction like 0.5', () => {
  const sent = toParameters({
    rows: [{ version: 3, at: 1.5, disposition: 1, list: [2], ok: true, no: null }],
  });
  const [row] = (sent as { rows: [Record<string, unknown>] }).rows;
  expect(isInt(row['version'])).toBe(true);
  expect(isInt((row['list'] as [unknown])[0])).toBe(true);
  expect(row).toMatchObject({ at: 1.5, disposition: 1, ok: true, no: null });
});

test.each([
  ['ServiceUnavailable', 'graph_unavailable', true],
  ['SessionExpired', 'graph_unavailable', true],
  ['Neo.ClientError.Security.Unauthorized', 'graph_unavailable', true],
  ['Neo.TransientError.Transaction.DeadlockDetected', 'graph_unavailable', true],
  ['Neo.ClientError.Database.DatabaseNotFound', 'graph_unavailable', true],
  ['Neo.ClientError.Statement.TypeError', 'graph_refused', false],
  ['Neo.ClientError.Schema.ConstraintValidationFailed', 'graph_refused', false],
])('%s of Neo4j is %s here, and its message is not repeated', (code, expected, retryable) => {
  const failure = toGraphError(Object.assign(new Error('node with name "hush" exists'), { code }));
  expect(failure).toMatchObject({ code: expected, retryable });
  expect(failure.message).toContain(code);
  expect(failure.message).not.toContain('hush');
});

test('errors of ours stay as they are', () => {
  const ours = new FleetError({ code: 'graph_superseded', kind: 'conflict', message: 'x' });
  expect(toGraphError(ours)).toBe(ours);
  expect(toGraphError('odd')).toMatchObject({ code: 'graph_unavailable' });
});
