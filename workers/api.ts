import { runProcess } from '../src/cli/main.ts';

/** The HTTP API and Bull Board; the same as `ao api`. */
await runProcess(['api']);
