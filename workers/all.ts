import { runProcess } from '../src/cli/main.ts';

/** Every worker in one process; the same as `ao worker all`. */
await runProcess(['worker', 'all']);
