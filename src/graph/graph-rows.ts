/** What a node may hold: Neo4j stores nothing nested. Null removes the property. */
export type Primitive = string | number | boolean | null;
export type Properties = Readonly<Record<string, Primitive>>;

export const NODE_LABELS = ['Location', 'Object', 'Character', 'Player', 'Event'] as const;
export type NodeLabel = (typeof NODE_LABELS)[number];

/** A node inside a world; `id` is unique among nodes of one label in one world. */
export interface NodeRef {
  readonly world: string;
  readonly id: string | number;
}

/** Lists of a world that are relations in the graph; `owner` and `member` are labels. */
export const MEMBERSHIPS = {
  objects: { owner: 'Location', member: 'Object', relation: 'LOCATED_IN', from: 'member' },
  people: { owner: 'Location', member: 'Character', relation: 'LOCATED_IN', from: 'member' },
  inventory: { owner: 'Player', member: 'Object', relation: 'CARRIES', from: 'owner' },
  gifts: { owner: 'Character', member: 'Object', relation: 'CARRIES', from: 'owner' },
} as const satisfies Record<
  string,
  { owner: NodeLabel; member: NodeLabel; relation: string; from: 'owner' | 'member' }
>;
export type Membership = keyof typeof MEMBERSHIPS;
export const MEMBERSHIP_NAMES = Object.keys(MEMBERSHIPS) as readonly Membership[];

/** The one player of a world. */
export const PLAYER_ID = 'player';

/**
 * Changes of a graph, applied in the order of the fields. Rows of many worlds may stand side by side, but of one
 * world only what belongs together: one patch, or one whole world.
 */
export interface GraphRows {
  /** Worlds of which nothing stays. */
  readonly forgotten: string[];
  /** Nodes that go, with their relations. */
  readonly removed: Readonly<Record<NodeLabel, NodeRef[]>>;
  /** Nodes that are made or changed; properties that are not named stay. */
  readonly nodes: Readonly<Record<NodeLabel, (NodeRef & { readonly properties: Properties })[]>>;
  /** Each list as it is now: relations to others of the same kind go. Members that are no nodes are left out. */
  readonly members: Readonly<Record<Membership, (NodeRef & { readonly members: readonly string[] })[]>>;
  /** CONNECTS_TO of one direction; `to` is null where no way leads any more, or to a place not yet there. */
  readonly exits: (NodeRef & { readonly direction: string; readonly to: string | null })[];
  /** LOCATED_IN of the player. */
  readonly stands: { readonly world: string; readonly at: string }[];
  /** `Location.visited` of all places of a world. */
  readonly visited: { readonly world: string; readonly ids: readonly string[] }[];
  /** Properties of the world's own node, its version among them. */
  readonly worlds: { readonly world: string; readonly properties: Properties }[];
}

export function emptyRows(): GraphRows {
  return {
    forgotten: [],
    removed: { Location: [], Object: [], Character: [], Player: [], Event: [] },
    nodes: { Location: [], Object: [], Character: [], Player: [], Event: [] },
    members: { objects: [], people: [], inventory: [], gifts: [] },
    exits: [],
    stands: [],
    visited: [],
    worlds: [],
  };
}
