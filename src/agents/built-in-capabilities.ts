import { AGENT_TYPES } from '../contracts/agent-type.ts';
import type { AgentCapabilityInput } from '../coordination/models/capability.ts';

/** What the fleet's own agents can do, by their types. Source: spec, coordination 5.1 */
export const BUILT_IN_CAPABILITIES: ReadonlyMap<string, readonly AgentCapabilityInput[]> = new Map([
  [
    AGENT_TYPES.ipa,
    [
      {
        name: 'text_analysis',
        type: 'processing',
        version: '1.0.0',
        description: 'Understands what a player wrote: intent, actions and what they are about',
        required_inputs: ['text'],
        optional_inputs: ['context'],
        tags: ['text', 'intent'],
      },
      {
        name: 'content_safety',
        type: 'analysis',
        version: '1.0.0',
        description: 'Judges what a player wrote, and answers somebody in a crisis',
        required_inputs: ['text'],
        optional_inputs: ['session_id'],
        tags: ['text', 'safety'],
      },
    ],
  ],
  [
    AGENT_TYPES.wba,
    [
      {
        name: 'world_state_management',
        type: 'storage',
        version: '1.0.0',
        description: 'Reads and changes the world of a story',
        required_inputs: ['world_id'],
        optional_inputs: ['updates', 'action'],
        tags: ['world'],
      },
      {
        name: 'context_integration',
        type: 'coordination',
        version: '1.0.0',
        description: 'Carries what a player means over into the world',
        required_inputs: ['world_id', 'context'],
        tags: ['world', 'intent'],
      },
    ],
  ],
  [
    AGENT_TYPES.nga,
    [
      {
        name: 'narrative_generation',
        type: 'generation',
        version: '1.0.0',
        description: 'Tells what happens, with choices for what comes next',
        required_inputs: ['prompt'],
        optional_inputs: ['context', 'player_input', 'session_id'],
        tags: ['text', 'story'],
      },
      {
        name: 'therapeutic_narrative',
        type: 'generation',
        version: '1.0.0',
        description: 'Tells it so that it is fit for the player, and says how that was judged',
        required_inputs: ['prompt'],
        optional_inputs: ['context', 'player_input', 'session_id'],
        tags: ['text', 'story', 'safety'],
      },
    ],
  ],
]);
