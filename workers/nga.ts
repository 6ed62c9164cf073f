import { runProcess } from '../src/cli/main.ts';

/** The narrative generator; the same as `ao worker nga`. */
await runProcess(['worker', 'nga']);
