import neo4j, { type Driver } from 'neo4j-driver';
import { Neo4jGraph, type Neo4jOptions } from '../../src/graph/neo4j/neo4j-graph.ts';
import type { GraphDump } from './memory-graph.ts';

/** The Neo4j that NEO4J_URL names, with NEO4J_USER and NEO4J_PASSWORD; tests write worlds of their own into it. */
export function namedNeo4j(): Neo4jOptions | null {
  const { NEO4J_URL: url, NEO4J_USER: user, NEO4J_PASSWORD: password } = process.env;
  if (url === undefined || url === '') {
    process.stderr.write('tests: NEO4J_URL is not set, so nothing is tested against a real Neo4j\n');
    return null;
  }
  return { url, user: user ?? 'neo4j', password: password ?? null, database: null, timeoutMs: 20_000 };
}

/** The product's graph beside a connection that only reads what it wrote. */
export class RealGraph extends Neo4jGraph {
  readonly #driver: Driver;

  constructor(options: Neo4jOptions) {
    super(options);
    const { url, user, password } = options;
    this.#driver = neo4j.driver(url, password === null ? undefined : neo4j.auth.basic(user, password), {
      disableLosslessIntegers: true,
    });
  }

  async rows(text: string, parameters: Record<string, unknown> = {}): Promise<Record<string, unknown>[]> {
    const { records } = await this.#driver.executeQuery(text, parameters);
    return records.map((record) => record.toObject() as Record<string, unknown>);
  }

  async dump(world: string): Promise<GraphDump> {
    const nodes = await this.rows(
      'MATCH (n {world_id: $world}) RETURN labels(n)[0] AS label, properties(n) AS properties',
      { world },
    );
    const key = (label: unknown, id: unknown): string => [label, id].join('/');
    const relations = await this.rows(
      `MATCH (a {world_id: $world})-[r]->(b) RETURN labels(a)[0] AS la, a.id AS a, type(r) AS type,
         labels(b)[0] AS lb, b.id AS b, properties(r) AS properties, r.direction AS direction`,
      { world },
    );
    return {
      nodes: Object.fromEntries(
        nodes.map(({ label, properties }) => {
          const { world_id: _, id, ...others } = properties as Record<string, unknown>;
          return [key(label, label === 'World' ? '' : id), others];
        }),
      ),
      relations: relations
        .map((r) => {
          const path = [key(r['la'], r['a']), r['type'], key(r['lb'], r['b']), r['direction'] ?? ''].join(
            '|',
          );
          return `${path} ${JSON.stringify(r['properties'])}`;
        })
        .toSorted(),
    };
  }

  override async close(): Promise<void> {
    await super.close();
    await this.#driver.close();
  }
}
