import type { Agent, AgentContext } from '../agents/agent.ts';
import type { AgentJob, AgentCallContext, CoordinatedAgent } from '../coordination/agents/agent.ts';
import type { JsonObject } from '../coordination/models/json.ts';
import type { Logger } from '../observability/logger.ts';
import { AnyJson } from '../workflows/catalog/custom-agents.ts';

export interface ModuleJobsParts {
  readonly log: Logger;
  readonly send: AgentCallContext['send'];
}

/** An agent that a module brought, as the shell of a job calls it: it takes and answers any JSON. */
export function agentForJobs(agent: CoordinatedAgent, { log, send }: ModuleJobsParts): Agent {
  const { type } = agent;
  return {
    name: type,
    input: AnyJson,
    output: AnyJson,
    async run(input, ctx) {
      const job = jobOf(ctx);
      const fields = { agent: type, idempotency_key: job.idempotency_key };
      const result = await agent.process(
        // Whatever JSON its definition or its producer gave; who expects an object has to look.
        input as JsonObject,
        { signal: ctx.signal, message: null, job, logger: log.child(fields), send },
      );
      return result === undefined ? {} : result;
    },
  };
}

function jobOf({ step, attempt, idempotencyKey, player }: AgentContext): AgentJob {
  return {
    workflow_id: step?.runId ?? null,
    workflow: step?.workflow ?? null,
    step: step?.path ?? null,
    attempt,
    idempotency_key: idempotencyKey,
    ...(player?.sessionId === undefined ? {} : { session_id: player.sessionId }),
    ...(step?.worldId === undefined ? {} : { world_id: step.worldId }),
  };
}
