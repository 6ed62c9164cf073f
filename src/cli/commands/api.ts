import type { Register } from '../program.ts';
import { runServingRole } from '../serving.ts';

export const registerApi: Register = (program, run) => {
  program
    .command('api')
    .description('serve the HTTP API and Bull Board until SIGTERM or SIGINT')
    .action(
      run<[], object>(async (context) =>
        runServingRole(context, { kind: 'api' }, await context.loadConfigWithRedis()),
      ),
    );
};
