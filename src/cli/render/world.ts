import type { PatchOp, SessionWorld, WorldVersion } from '../../contracts/world-history.ts';
import { UNEXPLORED } from '../../contracts/world-view.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';
import { printable, wrap } from './text.ts';

interface Room {
  readonly textWidth: number;
  readonly paint: Paint;
}

/** What the player sees, on one screen. */
export function worldLines({ view, version, current_version: current }: SessionWorld, out: Room): string[] {
  const { location, objects, npcs, inventory } = view;
  const ways = location.exits.map(({ direction, to_id: to, to_name: name }) =>
    to === UNEXPLORED ? `${direction} (unexplored)` : `${direction} to the ${name}`,
  );
  return [
    out.paint.bold(printable(location.name)),
    ...wrap(location.description, out.textWidth),
    '',
    ...row(
      'here',
      [...objects, ...npcs].map(({ name }) => name),
      out,
    ),
    ...row(
      'carried',
      inventory.map(({ name }) => name),
      out,
    ),
    ...row('ways', ways, out),
    `version ${version === current ? String(version) : `${version} of ${current}`}, turn ${view.turn}`,
  ];
}

/** One line for each version. */
export function versionTable(versions: readonly WorldVersion[], out: { readonly width: number }): string[] {
  if (versions.length === 0) return ['nothing has changed this world yet'];
  return renderTable(
    [
      { header: 'version', align: 'right' },
      { header: 'at' },
      { header: 'run' },
      { header: 'step' },
      { header: 'what', isFlexible: true },
    ],
    versions.map(({ version, at, run_id: runId, step, ops }) => [
      version,
      at,
      runId ?? null,
      step,
      ops.map(opText).join(', '),
    ]),
    { width: out.width },
  );
}

function opText({ op, direction, to_id: to, object_id: object, npc_id: npc, flag }: PatchOp): string {
  return [op, object, npc, direction, to, flag].filter((word) => word !== undefined).join(' ');
}

function row(title: string, names: readonly string[], out: Room): string[] {
  return names.length === 0 ? [] : wrap(`${title}: ${names.join(', ')}`, out.textWidth);
}
