import { agenticRagWorkflow } from './agentic-rag.ts';
import { costTrackingWorkflow } from './cost-tracking.ts';
import { multiAgentWorkflow } from './multi-agent.ts';
import type { CostPorts, ExampleWorkflow } from './ports.ts';
import { ragWorkflow } from './rag.ts';
import { streamingWorkflow } from './streaming.ts';

/** Five workflows that show what plans can do. They are there outside of production. */
export function exampleWorkflows(ports: CostPorts): ExampleWorkflow[] {
  return [
    ragWorkflow(ports),
    agenticRagWorkflow(ports),
    costTrackingWorkflow(ports),
    streamingWorkflow(ports),
    multiAgentWorkflow(ports),
  ];
}
