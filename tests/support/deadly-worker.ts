import { deadlyPlans } from './deadly-plans.ts';
import { serveWorkers } from './worker-process.ts';

/** The command line of the product with plans that kill their process: `DEADLY=<folder>`. */
await serveWorkers({ catalog: deadlyPlans(process.env['DEADLY'] ?? '') });
