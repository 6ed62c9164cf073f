import { TurnInput } from '../../contracts/turn.ts';
import type { WorkflowDefinition } from '../definition.ts';
import { FAIL_FAST, RETRY, type CatalogSettings } from './settings.ts';
import { tellIntent, tellStory, tellWorld } from './replies.ts';
import { agentChain } from './steps.ts';

/** The four workflows that are always there. Each answers with a non-empty text. */
export function builtInWorkflows(settings: CatalogSettings): WorkflowDefinition<typeof TurnInput>[] {
  const common = {
    version: 1,
    input: TurnInput,
    timeoutMs: settings.runTimeoutMs,
    // A dead letter of a turn can be replayed: what its steps have done must still be there.
    onFailure: 'keep',
  } as const;
  return [
    {
      ...common,
      name: 'input_processing',
      needsIntent: false,
      plan: agentChain(['ipa'], settings, FAIL_FAST),
      reply: tellIntent,
    },
    {
      ...common,
      name: 'world_building',
      needsIntent: true,
      plan: agentChain(['wba'], settings, RETRY),
      reply: tellWorld,
    },
    {
      ...common,
      name: 'narrative_generation',
      needsIntent: true,
      plan: agentChain(['nga'], settings, RETRY),
      reply: tellStory,
    },
    {
      ...common,
      name: 'collaborative',
      needsIntent: false,
      plan: agentChain(['ipa', 'wba', 'nga'], settings, RETRY),
      reply: tellStory,
    },
  ];
}
