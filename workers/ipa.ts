import { runProcess } from '../src/cli/main.ts';

/** The input processor; the same as `ao worker ipa`. */
await runProcess(['worker', 'ipa']);
