import { dirname, resolve } from 'node:path';
import type { Config } from '../../../config/schema.ts';
import type { CommandContext } from '../context.ts';
import {
  fail,
  judgeHost,
  judgeNode,
  judgePeople,
  judgePort,
  judgeRedis,
  judgeRedisAbsence,
  judgeStateDir,
  ok,
  type Finding,
} from '../doctor/findings.ts';
import { answersAlive, isPortFree, isWritable } from '../doctor/probes.ts';
import { EXIT } from '../exit-codes.ts';
import type { Register } from '../program.ts';
import { printable } from '../render/text.ts';

export const registerDoctor: Register = (program, run) => {
  program
    .command('doctor')
    .description('check this machine and its Redis; exit 1 when something must be mended')
    .action(run<[], object>(doctor));
};

async function doctor(context: CommandContext): Promise<number> {
  const { out } = context;
  const { config, finding } = readConfig(context);
  const findings = [
    judgeNode(process.version),
    finding,
    ...(config === null ? [] : await lookAtRedis(context, config)),
    ...(config === null ? [] : await lookAtPorts(config)),
    ...(config === null ? [] : [judgePeople(config.safety.channels)]),
    judgeStateDir(context.stateDir, await isWritable(context.stateDir), config?.redis.url == null),
    ...judgeHost(await context.ports.describeHost(dirname(resolve(context.stateDir)))),
  ];
  const isWell = findings.every(({ status }) => status !== 'fail');
  out.result({ ok: isWell, checks: findings }, () => findings.flatMap((each) => linesOf(each, context)));
  return isWell ? EXIT.ok : EXIT.failure;
}

function readConfig(context: CommandContext): { config: Config | null; finding: Finding } {
  try {
    const config = context.loadConfig();
    return { config, finding: ok('configuration', `valid, environment ${config.environment}`) };
  } catch (error) {
    const fix = 'correct it; "ao config explain <key>" tells what a key accepts';
    return { config: null, finding: fail('configuration', messageOf(error), fix) };
  }
}

async function lookAtRedis(context: CommandContext, config: Config): Promise<Finding[]> {
  try {
    const fleet = await context.openDirectly();
    try {
      return judgeRedis(await fleet.redisInfo());
    } finally {
      await fleet.close();
    }
  } catch (error) {
    context.signal.throwIfAborted();
    const isConfigured = config.redis.url !== null;
    return [judgeRedisAbsence(messageOf(error), isConfigured, context.ports.findRedisServer())];
  }
}

async function lookAtPorts(config: Config): Promise<Finding[]> {
  const { host } = config.http;
  const judge = async (key: string, port: number): Promise<Finding> => {
    const isFree = await isPortFree(host, port);
    return judgePort(key, port, isFree, !isFree && (await answersAlive(host, port)));
  };
  return [await judge('port', config.port), await judge('metrics.port', config.metrics.port)];
}

function linesOf({ name, status, detail, fix }: Finding, { out: { paint } }: CommandContext): string[] {
  const colour = { ok: paint.green, warn: paint.yellow, fail: paint.red }[status];
  const first = `${colour(status.padEnd(4))}  ${name.padEnd(18)}  ${printable(detail)}`;
  return fix === undefined ? [first] : [first, `      ${paint.dim('fix:')} ${fix}`];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
