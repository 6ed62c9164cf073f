import type { Config } from '../../config/schema.ts';
import type { CommandContext } from './context.ts';
import { rememberDevFleet, type DevFolder } from './dev-state.ts';
import type { Paint } from './render/paint.ts';
import type { Role, RoleReady } from './ports.ts';

/**
 * Runs a role until it is told to stop and prints where it listens once it is ready.
 *
 * @param folder  where a development fleet leaves its addresses for other commands
 */
export async function runServingRole(
  context: CommandContext,
  role: Role,
  config: Config,
  folder?: DevFolder,
): Promise<number> {
  const { out, signal } = context;
  context.noteWarnings(config);
  let remembered: Promise<void> = Promise.resolve();
  try {
    return await context.ports.runRole(role, config, {
      signal,
      ...reloadOf(context, role),
      onReady(ready) {
        out.result(readyDocument(role, ready), () => readyLines(role, ready, out.paint));
        if (folder === undefined) return;
        const file = { pid: process.pid, redisUrl: ready.redisUrl, apiUrl: ready.url ?? null };
        remembered = rememberDevFleet(folder, file).catch((error: unknown) => {
          out.note(`other commands will not find this fleet by themselves: ${String(error)}`);
        });
      },
    });
  } finally {
    // Whoever removes the folder next must not be overtaken by this file.
    await remembered;
  }
}

/** A fleet for development is restarted sooner than configured anew. */
function reloadOf(context: CommandContext, role: Role) {
  if (context.onHangup === undefined || role.kind === 'dev') return {};
  return { reload: { load: () => context.loadConfigWithRedis(), whenAsked: context.onHangup } };
}

function readyDocument(role: Role, ready: RoleReady): Record<string, unknown> {
  return {
    role: role.kind,
    roles: ready.roles,
    pid: process.pid,
    ...(ready.url !== undefined && { url: ready.url }),
    ...(ready.boardUrl !== undefined && { board_url: ready.boardUrl }),
    ...(ready.metricsUrl !== undefined && { metrics_url: ready.metricsUrl }),
    redis_url: withoutCredentials(ready.redisUrl),
  };
}

function readyLines(role: Role, ready: RoleReady, paint: Paint): string[] {
  const lines = [`${paint.green('ready')}  ${ready.roles.join(', ')}`];
  if (ready.url !== undefined) lines.push(`  API         ${paint.cyan(ready.url)}`);
  if (ready.boardUrl !== undefined) lines.push(`  Bull Board  ${paint.cyan(ready.boardUrl)}`);
  if (ready.metricsUrl !== undefined) lines.push(`  metrics     ${paint.cyan(ready.metricsUrl)}`);
  lines.push(`  Redis       ${withoutCredentials(ready.redisUrl)}`);
  if (role.kind === 'dev' && ready.url !== undefined) lines.push(...trialLines(ready.url));
  lines.push(paint.dim('Ctrl-C finishes the work at hand and ends.'));
  return lines;
}

function trialLines(url: string): string[] {
  return [
    '',
    `Play in a browser at ${url}/play, or here with "ao play". Or try a turn:`,
    `  curl -s ${url}/v1/sessions/me/turns -H 'content-type: application/json' \\`,
    `    -d '{"text": "look around", "create_session": true}'`,
    '  ao turn me "go south"',
    '',
  ];
}

function withoutCredentials(url: string): string {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  if (parsed.password !== '') parsed.password = '***';
  return parsed.href;
}
