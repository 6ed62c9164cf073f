import { runProcess } from '../src/cli/main.ts';

/** Tells people of a crisis; the same as `ao worker safety`. */
await runProcess(['worker', 'safety']);
