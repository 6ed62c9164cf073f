import { runProcess } from '../src/cli/main.ts';

/** The world builder; the same as `ao worker wba`. */
await runProcess(['worker', 'wba']);
