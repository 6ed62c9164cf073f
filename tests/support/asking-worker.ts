import { askingAgents } from './asking-agents.ts';
import { serveWorkers } from './worker-process.ts';

/** The command line of the product with a narrator who asks a model for its first line. Only `worker` is served. */
await serveWorkers({ agents: askingAgents() });
