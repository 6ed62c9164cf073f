import { runProcess } from '../src/cli/main.ts';

/** API, workers and a private Redis in one process; the same as `ao dev`. */
await runProcess(['dev']);
