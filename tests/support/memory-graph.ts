import { FleetError } from '../../src/kernel/errors.ts';
import type { Graph, GraphTransaction, GraphWorld, GraphWriter } from '../../src/graph/graph-port.ts';
import {
  MEMBERSHIP_NAMES,
  MEMBERSHIPS,
  NODE_LABELS,
  PLAYER_ID,
  type GraphRows,
  type Properties,
} from '../../src/graph/graph-rows.ts';

/** What a graph holds of one world, in a form that can be compared. */
export interface GraphDump {
  readonly nodes: Record<string, Record<string, unknown>>;
  readonly relations: string[];
}

interface Content {
  readonly nodes: Map<string, { world: string; properties: Record<string, unknown> }>;
  /** `from|TYPE|to|detail` -> properties */
  readonly relations: Map<string, Record<string, unknown>>;
  readonly epochs: Map<string, number>;
}

/** A graph in memory with everything that the port promises, and failures at will. */
export class MemoryGraph implements Graph {
  #content: Content = { nodes: new Map(), relations: new Map(), epochs: new Map() };
  #turn: Promise<unknown> = Promise.resolve();
  prepared = 0;
  writes = 0;
  /** Called before a transaction begins and before it commits; throwing there is a failure of the database. */
  hook: (at: 'prepare' | 'begin' | 'commit' | 'committed') => void | Promise<void> = () => undefined;

  async prepare(): Promise<void> {
    await this.hook('prepare');
    this.prepared += 1;
  }

  write<T>(
    writer: GraphWriter,
    work: (transaction: GraphTransaction) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const mine = this.#turn.then(async () => {
      signal.throwIfAborted();
      await this.hook('begin');
      const draft = structuredClone(this.#content);
      const newest = Math.max(draft.epochs.get(writer.name) ?? 0, writer.epoch);
      if (newest !== writer.epoch) {
        throw new FleetError({ code: 'graph_superseded', kind: 'conflict', message: 'a later writer wrote' });
      }
      draft.epochs.set(writer.name, newest);
      const result = await work(transactionOn(draft));
      await this.hook('commit');
      this.#content = draft;
      this.writes += 1;
      await this.hook('committed');
      return result;
    });
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  async close(): Promise<void> {}

  /** Everything is lost, as with a database that was made anew. */
  wipe(): void {
    this.#content = { nodes: new Map(), relations: new Map(), epochs: new Map() };
  }

  async dump(world: string): Promise<GraphDump> {
    const { nodes, relations } = this.#content;
    return {
      nodes: Object.fromEntries(
        [...nodes]
          .filter(([, node]) => node.world === world)
          .map(([key, { properties }]) => [key.slice(world.length + 1), properties]),
      ),
      relations: [...relations]
        .filter(([key]) => key.startsWith(`${world}/`))
        .map(([key, properties]) => `${key.replaceAll(`${world}/`, '')} ${JSON.stringify(properties)}`)
        .toSorted(),
    };
  }
}

function transactionOn(content: Content): GraphTransaction {
  return {
    async worlds(ids) {
      const known = ids.flatMap((id) => {
        const p = content.nodes.get(nodeKey(id, 'World', ''))?.properties;
        if (p === undefined) return [];
        const world = {
          version: p['version'],
          createdAt: p['created_at'],
          appliedAt: p['applied_at'],
          firstEvent: p['first_event'],
          nextEvent: p['next_event'],
        } as GraphWorld;
        return [[id, world] as const];
      });
      return new Map(known);
    },
    change: async (rows) => change(content, rows),
  };
}

function change(content: Content, rows: GraphRows): void {
  for (const world of rows.forgotten) {
    const gone = [...content.nodes].filter(([, node]) => node.world === world).map(([key]) => key);
    for (const key of gone) remove(content, key);
  }
  for (const label of NODE_LABELS) {
    for (const { world, id } of rows.removed[label]) remove(content, nodeKey(world, label, id));
  }
  for (const { world, properties } of rows.worlds) set(content, world, 'World', '', properties);
  for (const label of NODE_LABELS) {
    for (const { world, id, properties } of rows.nodes[label]) set(content, world, label, id, properties);
  }
  for (const name of MEMBERSHIP_NAMES) memberships(content, name, rows);
  for (const { world, id, direction, to } of rows.exits) {
    const from = nodeKey(world, 'Location', id);
    cut(
      content,
      (relation) => relation.startsWith(`${from}|CONNECTS_TO|`) && relation.endsWith(`|${direction}`),
    );
    if (to !== null) relate(content, from, 'CONNECTS_TO', nodeKey(world, 'Location', to), { direction });
  }
  for (const { world, at } of rows.stands) {
    const player = nodeKey(world, 'Player', PLAYER_ID);
    cut(content, (relation) => relation.startsWith(`${player}|LOCATED_IN|`));
    relate(content, player, 'LOCATED_IN', nodeKey(world, 'Location', at));
  }
  for (const { world, ids } of rows.visited) {
    for (const [key, node] of content.nodes) {
      const prefix = nodeKey(world, 'Location', '');
      if (key.startsWith(prefix)) node.properties['visited'] = ids.includes(key.slice(prefix.length));
    }
  }
  for (const { world, id } of rows.nodes.Character) {
    const from = nodeKey(world, 'Character', id);
    const { met, disposition } = content.nodes.get(from)!.properties;
    cut(content, (relation) => relation.startsWith(`${from}|KNOWS|`));
    if (met === true) relate(content, from, 'KNOWS', nodeKey(world, 'Player', PLAYER_ID), { disposition });
  }
}

function memberships(content: Content, name: keyof typeof MEMBERSHIPS, rows: GraphRows): void {
  const { owner, member, relation, from } = MEMBERSHIPS[name];
  for (const { world, id } of rows.members[name]) {
    const own = nodeKey(world, owner, id);
    const members = nodeKey(world, member, '');
    cut(content, (key) => {
      const [first, type, last] = key.split('|') as [string, string, string];
      const [of, other] = from === 'owner' ? [first, last] : [last, first];
      return type === relation && of === own && other.startsWith(members);
    });
  }
  for (const { world, id, members } of rows.members[name]) {
    const own = nodeKey(world, owner, id);
    for (const one of members) {
      const other = nodeKey(world, member, one);
      if (from === 'owner') relate(content, own, relation, other);
      else relate(content, other, relation, own);
    }
  }
}

function nodeKey(world: string, label: string, id: string | number): string {
  return `${world}/${label}/${id}`;
}

function set(
  content: Content,
  world: string,
  label: string,
  id: string | number,
  properties: Properties,
): void {
  const key = nodeKey(world, label, id);
  const node = content.nodes.get(key) ?? { world, properties: {} };
  content.nodes.set(key, node);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null) delete node.properties[name];
    else node.properties[name] = value;
  }
}

function relate(content: Content, from: string, type: string, to: string, properties = {}): void {
  if (!content.nodes.has(from) || !content.nodes.has(to)) return;
  const detail = 'direction' in properties ? String(properties.direction) : '';
  content.relations.set(`${from}|${type}|${to}|${detail}`, properties);
}

function remove(content: Content, key: string): void {
  content.nodes.delete(key);
  cut(content, (relation) => {
    const [from, , to] = relation.split('|');
    return from === key || to === key;
  });
}

function cut(content: Content, matches: (relation: string) => boolean): void {
  for (const relation of content.relations.keys()) if (matches(relation)) content.relations.delete(relation);
}
