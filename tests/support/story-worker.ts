import { storyCatalog } from './stories.ts';
import { serveWorkers } from './worker-process.ts';

/** The command line of the product with one plan, a story; with `HANGS` it stops in its middle. */
await serveWorkers({ catalog: storyCatalog(process.env['HANGS'] === '1') });
