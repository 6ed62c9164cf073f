import { AgentCapabilitySet, type AgentCapability } from '../models/capability.ts';
import { isMoment } from '../models/written-record.ts';

/** Lists of capabilities that are remembered; beyond that all are forgotten. */
const REMEMBERED_MAX = 10_000;

/** What follows the list in the very form in which sets are stored. */
const TAIL =
  /^"version":"((?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*))","last_updated":"([^"]+)","priority":([1-9]|10),"load_factor":(0|1|0\.\d+),"availability":(true|false)\}$/;
const BEFORE_TAIL = '],"version":"';

/**
 * Sets out of their JSON. Most agents of a type say the same of themselves, so a list of capabilities is checked once,
 * with the set in which it came first, and is the same object for all who have it. What is not stored as we store it the
 * schema decides about.
 */
export class SetReader {
  /** By their JSON. */
  readonly #lists = new Map<string, AgentCapability[]>();

  /** Undefined when it cannot be read, or is not that of this agent. */
  read(agent: string, json: string): AgentCapabilitySet | undefined {
    const list = listOf(agent, json);
    const known = list === undefined ? undefined : this.#lists.get(list.json);
    if (known !== undefined && list !== undefined)
      return { ...list.rest, agent_id: agent, capabilities: known };
    const set = AgentCapabilitySet.safeParse(jsonOf(json));
    if (!set.success || set.data.agent_id !== agent) return undefined;
    if (list !== undefined) this.#remember(list.json, set.data.capabilities);
    return set.data;
  }

  #remember(json: string, capabilities: AgentCapability[]): void {
    if (this.#lists.size >= REMEMBERED_MAX) this.#lists.clear();
    this.#lists.set(json, capabilities);
  }
}

interface StoredList {
  readonly json: string;
  /** What stands beside it. */
  readonly rest: Omit<AgentCapabilitySet, 'agent_id' | 'capabilities'>;
}

/** Undefined when the set is not in the form in which sets are stored. The list itself is not looked at. */
function listOf(agent: string, json: string): StoredList | undefined {
  const head = `{"agent_id":"${agent}","capabilities":`;
  if (!json.startsWith(head)) return undefined;
  const end = json.lastIndexOf(BEFORE_TAIL) + 1;
  const tail = end === 0 ? null : TAIL.exec(json.slice(end + 1));
  const [, version = '', updated = '', priority, load, availability] = tail ?? [];
  if (!isMoment(updated)) return undefined;
  return {
    json: json.slice(head.length, end),
    rest: {
      version,
      last_updated: updated,
      priority: Number(priority),
      load_factor: Number(load),
      availability: availability === 'true',
    },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
