import { catalogOf, randomCases, SHORT_TIME } from './random-plans.ts';
import { serveWorkers } from './worker-process.ts';

/** The command line of the product with a catalog of random plans: `PLANS=<seed>/<count>`. */
const [seed = 0, count = 0] = (process.env['PLANS'] ?? '').split('/').map(Number);
await serveWorkers({ catalog: catalogOf(randomCases({ seed, count, clock: SHORT_TIME })) });
