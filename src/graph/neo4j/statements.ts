import {
  MEMBERSHIP_NAMES,
  MEMBERSHIPS,
  NODE_LABELS,
  type GraphRows,
  type Membership,
  type NodeLabel,
} from '../graph-rows.ts';

export interface Statement {
  readonly text: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Run once per connection to a database; each does nothing when it was done before. */
export const SCHEMA: readonly string[] = [
  'CREATE CONSTRAINT ao_world IF NOT EXISTS FOR (n:World) REQUIRE n.world_id IS UNIQUE',
  'CREATE CONSTRAINT ao_writer IF NOT EXISTS FOR (n:GraphWriter) REQUIRE n.name IS UNIQUE',
  ...NODE_LABELS.flatMap((label) => {
    const name = `ao_${label.toLowerCase()}`;
    return [
      `CREATE CONSTRAINT ${name} IF NOT EXISTS FOR (n:${label}) REQUIRE (n.world_id, n.id) IS UNIQUE`,
      `CREATE INDEX ${name}_world IF NOT EXISTS FOR (n:${label}) ON (n.world_id)`,
    ];
  }),
];

/** Writing the node first takes its lock, so writers follow one another; `epoch` is the newest so far. */
export const TAKE_TURN = `
MERGE (w:GraphWriter {name: $name})
SET w.epoch = CASE WHEN coalesce(w.epoch, 0) < $epoch THEN $epoch ELSE w.epoch END
RETURN w.epoch AS epoch`;

export const READ_WORLDS = `
MATCH (w:World) WHERE w.world_id IN $ids
RETURN w.world_id AS id, w.version AS version, w.created_at AS createdAt, w.applied_at AS appliedAt,
  w.first_event AS firstEvent, w.next_event AS nextEvent`;

/** What changes a graph, in the order in which it must run; no statement for what has no rows. */
export function statementsOf(rows: GraphRows): Statement[] {
  return [
    ...[...NODE_LABELS, 'World'].flatMap((label) =>
      over(rows.forgotten, `MATCH (n:${label} {world_id: row}) DETACH DELETE n`),
    ),
    ...NODE_LABELS.flatMap((label) =>
      over(rows.removed[label], `MATCH (n:${label} {world_id: row.world, id: row.id}) DETACH DELETE n`),
    ),
    ...over(rows.worlds, 'MERGE (n:World {world_id: row.world}) SET n += row.properties'),
    ...NODE_LABELS.flatMap((label) => over(rows.nodes[label], upsert(label))),
    ...MEMBERSHIP_NAMES.flatMap((name) => over(rows.members[name], part(name))),
    ...MEMBERSHIP_NAMES.flatMap((name) => over(rows.members[name], join(name))),
    ...over(rows.exits, CLOSE_EXIT),
    ...over(rows.exits, OPEN_EXIT),
    ...over(rows.stands, LEAVE),
    ...over(rows.stands, STAND),
    ...over(rows.visited, VISITED),
    ...over(rows.nodes.Character, KNOWS),
    ...over(rows.nodes.Character, KNOWS_NOT),
  ];
}

function over(rows: readonly unknown[], text: string): Statement[] {
  return rows.length === 0 ? [] : [{ text: `UNWIND $rows AS row ${text}`, parameters: { rows } }];
}

function upsert(label: NodeLabel): string {
  return `MERGE (n:${label} {world_id: row.world, id: row.id}) SET n += row.properties`;
}

function part(name: Membership): string {
  const { owner, member, relation, from } = MEMBERSHIPS[name];
  const ofOwner = `(o:${owner} {world_id: row.world, id: row.id})`;
  const path =
    from === 'owner'
      ? `${ofOwner}-[r:${relation}]->(m:${member})`
      : `(m:${member})-[r:${relation}]->${ofOwner}`;
  return `MATCH ${path} WHERE NOT m.id IN row.members DELETE r`;
}

function join(name: Membership): string {
  const { owner, member, relation, from } = MEMBERSHIPS[name];
  const made = from === 'owner' ? `(o)-[:${relation}]->(m)` : `(m)-[:${relation}]->(o)`;
  return `MATCH (o:${owner} {world_id: row.world, id: row.id})
UNWIND row.members AS id MATCH (m:${member} {world_id: row.world, id: id})
MERGE ${made}`;
}

const CLOSE_EXIT = `
MATCH (:Location {world_id: row.world, id: row.id})-[r:CONNECTS_TO {direction: row.direction}]->(:Location) DELETE r`;

const OPEN_EXIT = `
MATCH (a:Location {world_id: row.world, id: row.id}), (b:Location {world_id: row.world, id: row.to})
MERGE (a)-[:CONNECTS_TO {direction: row.direction}]->(b)`;

const LEAVE = 'MATCH (:Player {world_id: row.world})-[r:LOCATED_IN]->(:Location) DELETE r';

const STAND = `
MATCH (p:Player {world_id: row.world}), (l:Location {world_id: row.world, id: row.at})
MERGE (p)-[:LOCATED_IN]->(l)`;

const VISITED = 'MATCH (l:Location {world_id: row.world}) SET l.visited = l.id IN row.ids';

const KNOWS = `
MATCH (c:Character {world_id: row.world, id: row.id}), (p:Player {world_id: row.world}) WHERE c.met
MERGE (c)-[k:KNOWS]->(p) SET k.disposition = c.disposition`;

const KNOWS_NOT = `
MATCH (c:Character {world_id: row.world, id: row.id})-[k:KNOWS]->(:Player) WHERE NOT c.met DELETE k`;
