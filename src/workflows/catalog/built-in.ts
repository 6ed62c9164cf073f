import { TurnInput } from '../../contracts/turn.ts';
import type { WorkflowDefinition } from '../definition.ts';
import { FAIL_FAST, RETRY, type CatalogSettings } from './settings.ts';
import { tellFailure, tellIntent, tellStory, tellWorld, type Narrate } from './replies.ts';
import { agentChain } from './steps.ts';

/**
 * The four workflows that are always there. Each answers with a non-empty text.
 *
 * @param narrate  tells what no narrator was asked for: pure, and at once
 */
export function builtInWorkflows(
  settings: CatalogSettings,
  narrate: Narrate,
): WorkflowDefinition<typeof TurnInput>[] {
  const common = {
    version: 1,
    input: TurnInput,
    timeoutMs: settings.runTimeoutMs,
    // A dead letter of a turn can be replayed: what its steps have done must still be there.
    onFailure: 'keep',
    lastResort: tellFailure,
  } as const;
  return [
    {
      ...common,
      name: 'input_processing',
      needsIntent: false,
      plan: agentChain(['ipa'], settings, FAIL_FAST),
      looksAround: true,
      reply: (facts) => tellIntent(facts, narrate),
    },
    {
      ...common,
      name: 'world_building',
      needsSession: true,
      needsIntent: true,
      plan: agentChain(['wba'], settings, RETRY),
      looksAround: true,
      reply: (facts) => tellWorld(facts, narrate),
    },
    {
      ...common,
      name: 'narrative_generation',
      needsIntent: true,
      plan: agentChain(['nga'], settings, RETRY),
      looksAround: true,
      reply: tellStory,
    },
    {
      ...common,
      name: 'collaborative',
      needsSession: true,
      needsIntent: false,
      plan: agentChain(['ipa', 'wba', 'nga'], settings, RETRY),
      reply: tellStory,
    },
  ];
}
