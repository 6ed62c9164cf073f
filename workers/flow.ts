import { runProcess } from '../src/cli/main.ts';

/** Settles runs and keeps house; the same as `ao worker flow`. */
await runProcess(['worker', 'flow']);
