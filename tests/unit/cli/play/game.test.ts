import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Output } from '../../../../src/cli/output.ts';
import { playGame } from '../../../../src/cli/play/game.ts';
import type { FleetOperations } from '../../../../src/contracts/operations.ts';
import type { OrchestrationResponse } from '../../../../src/contracts/turn.ts';
import type { RunEvent } from '../../../../src/contracts/run.ts';
import { FleetError } from '../../../../src/kernel/errors.ts';
import { ao, event, fakeOperations, RUN_ID, response, runView, Sink, tempDir } from '../fakes.ts';

const notFound = () =>
  Promise.reject(new FleetError({ code: 'session_not_found', kind: 'not_found', message: 'none' }));

/** A fleet that tells "told: <line>"; a line that asks for it fails, or hangs until it is cancelled. */
function fakeFleet(pieces: readonly string[] = []) {
  const played: { session: string; text: string }[] = [];
  const cancelled: string[] = [];
  let end: (() => void) | undefined;
  const answer = (): OrchestrationResponse => response(`told: ${played.at(-1)!.text}`);
  const operations: Partial<FleetOperations> = {
    listTurns: notFound,
    submitTurn: async (session, { text }) => {
      if (text === 'too much') {
        throw new FleetError({ code: 'too_many_runs', kind: 'overloaded', message: 'the fleet is full' });
      }
      played.push({ session, text });
      return {
        done: false,
        accepted: { run_id: RUN_ID, status: 'pending', progress: 0, location: '', queued_behind: 0 },
      };
    },
    async *runEvents(_, { signal }): AsyncGenerator<RunEvent> {
      yield event(0, 'run.accepted');
      if (played.at(-1)!.text === 'hang') {
        await new Promise<void>((resolve, reject) => {
          end = resolve;
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        });
      }
      yield event(1, 'run.completed');
    },
    runTokens: async () =>
      (async function* () {
        for (const [seq, text] of pieces.entries()) {
          yield { id: `${seq}-0`, run_id: RUN_ID, step: 'nga', attempt: 1, seq, text };
        }
      })(),
    getRun: async () =>
      played.at(-1)!.text === 'fail'
        ? runView({ status: 'failed', error: { code: 'step_failed', message: 'secret words' } })
        : played.at(-1)!.text === 'fail kindly'
          ? runView({ status: 'failed', error: { code: 'step_failed', message: 'm' }, output: answer() })
          : runView({ output: answer() }),
    cancelRun: async (runId) => {
      cancelled.push(runId);
      end?.();
      return runView({ status: 'cancelled' });
    },
  };
  return { operations, played, cancelled };
}

describe('ao play with a script', () => {
  const play = (input: string, fleet = fakeFleet(), argv: string[] = []) =>
    ao(['play', '--redis-url', 'redis://127.0.0.1:1/0', ...argv], { operations: fleet.operations, input });

  it('plays line after line and ends with 0 at the end of the input', async () => {
    const fleet = fakeFleet();
    const { code, stdout } = await play('go south\n\nlook\n', fleet);
    expect(code).toBe(0);
    expect(fleet.played.map(({ text }) => text)).toEqual(['go south', 'look']);
    expect(stdout).toMatch(/^If you are in danger/);
    expect(stdout).toMatch(/> go south\n\ntold: go south\n[^]*1 {2}go north[^]*> look\n\ntold: look\n/);
    expect(stdout).not.toContain('\u001b');
  });

  it('takes choices by number, and shows the way of turns on demand', async () => {
    const fleet = fakeFleet();
    const { stdout } = await play('look\n/path\n2\n/quit\nnever said\n', fleet);
    expect(fleet.played.map(({ text }) => text)).toEqual(['look', 'look around']);
    expect(stdout.match(/settled 100 ms/g)).toHaveLength(1);
  });

  it('tells a story in pieces once', async () => {
    const { stdout } = await play('rain\n', fakeFleet(['told', ': ra', 'in']));
    expect(stdout.match(/told: rain/g)).toHaveLength(1);
  });

  it('prints one document per turn with --json, and nothing else', async () => {
    const { stdout } = await play('go south\nlook\n', fakeFleet(), ['--json']);
    const documents = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as OrchestrationResponse);
    expect(documents.map(({ response_text: text }) => text)).toEqual(['told: go south', 'told: look']);
  });

  it('ends with the first turn that fails, and with its exit code', async () => {
    const failed = await play('fail\nlook\n');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(`run ${RUN_ID} is failed (step_failed)`);
    expect(failed.stderr).not.toContain('secret words');
    expect((await play('too much\n')).code).toBe(69);
  });

  it('tells the kind word of a turn that failed for good, and goes on', async () => {
    const told = await play('fail kindly\nlook\n');
    expect(told.stdout).toContain('told: fail kindly');
    expect(told.stdout).toContain('told: look');
    expect(told.code).toBe(0);
  });

  it('goes on in the last session, in the one it is told, or in a new one', async () => {
    const fleet = fakeFleet();
    const stateDir = tempDir();
    const setup = { operations: fleet.operations, stateDir, input: 'look\n' };
    const argv = ['play', '--redis-url', 'redis://127.0.0.1:1/0'];
    await ao([...argv, '--session', 'me'], setup);
    await ao(argv, setup);
    await ao([...argv, '--new'], setup);
    await ao(argv, setup);
    const [first, second, third, fourth] = fleet.played.map(({ session }) => session);
    expect([first, second]).toEqual(['me', 'me']);
    expect(third).toMatch(/^play-/);
    expect(fourth).toBe(third);
    expect((await ao([...argv, '--new', '--session', 'me'], setup)).code).toBe(2);
  });
});

describe('ao play on a terminal', () => {
  function start(fleet = fakeFleet()) {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    const screen = new Sink({ isTTY: true });
    const out = new Output(screen, screen, { json: false, quiet: false, color: true });
    const { signal } = new AbortController();
    const ended = playGame({
      operations: fakeOperations(fleet.operations),
      sessionId: 'me',
      stdin,
      out,
      signal,
      showsPath: false,
    });
    const shows = (text: string) => expect.poll(() => screen.text, { timeout: 5_000 }).toContain(text);
    return { ...fleet, stdin, ended, shows, screen };
  }

  it('brings earlier lines back with the arrow keys, and leaves with the end of the input', async () => {
    const game = start();
    await game.shows('> ');
    game.stdin.write('go south\r');
    await game.shows('told: go south');
    game.stdin.write('\u001b[A\r');
    await expect.poll(() => game.played).toHaveLength(2);
    expect(game.played[1]?.text).toBe('go south');
    game.stdin.write('\u0004');
    expect(await game.ended).toBe(0);
    expect(game.screen.text).toContain('\u001b[');
  });

  it('cancels a turn with Ctrl-C and asks again; twice at the prompt leaves with 130', async () => {
    const game = start();
    await game.shows('> ');
    game.stdin.write('hang\r');
    await expect.poll(() => game.played).toHaveLength(1);
    game.stdin.write('\u0003');
    await game.shows('The turn is cancelled.');
    expect(game.cancelled).toEqual([RUN_ID]);
    game.stdin.write('look\r');
    await game.shows('told: look');
    game.stdin.write('\u0003');
    await game.shows('Ctrl-C once more leaves.');
    game.stdin.write('\u0003');
    expect(await game.ended).toBe(130);
  });

  it('says what went wrong and goes on', async () => {
    const game = start();
    await game.shows('> ');
    game.stdin.write('too much\r');
    await game.shows('the fleet is full. The arrow key brings your line back');
    game.stdin.write('look\r');
    await game.shows('told: look');
    game.stdin.write('/quit\r');
    expect(await game.ended).toBe(0);
  });

  it('keeps what is typed while a turn goes on', async () => {
    const game = start();
    await game.shows('> ');
    game.stdin.write('go south\rlook\r/quit\r');
    expect(await game.ended).toBe(0);
    expect(game.played.map(({ text }) => text)).toEqual(['go south', 'look']);
  });

  it.each([
    [
      'en',
      'Your words are not passed on.',
      ['You come first.', 'call 988', 'text HOME to 741741', 'In danger right now: 911', 'Thank you'],
    ],
    [
      'es',
      'Tus palabras no se transmiten.',
      ['Tú vas primero.', 'llama al 988', 'envía HOME al 741741', 'En peligro ahora mismo: 911', 'Thank you'],
    ],
    // Of an older fleet, or of words that are not here yet.
    ['xx', 'Your words are not passed on.', ['You come first.', 'call 988']],
  ])(
    'shows care in the place of a story, in %s: places to turn to first, then the words',
    async (language, last, order) => {
      const fleet = fakeFleet();
      const care = {
        ...response('Thank you for telling me. Lifeline (988) is there now.', { run_id: null }),
        status: 'crisis_response' as const,
        crisis_response: {
          intervention_id: 'i1',
          intervention_type: 'human_oversight' as const,
          crisis_level: 'high' as const,
          language,
          support_resources: [
            {
              id: 'l',
              name: 'Lifeline',
              phone: '988',
              sms: 'HOME to 741741',
              hours: '24/7',
              languages: ['en'],
            },
          ],
          emergency_contacts: ['911'],
        },
        human_oversight_notified: 'queued' as const,
        next_actions: [],
      };
      const submitTurn = async () => ({ done: true as const, response: care });
      const game = start({ ...fleet, operations: { ...fleet.operations, submitTurn } });
      await game.shows('> ');
      game.stdin.write('I cannot go on\r');
      await game.shows(last);
      game.stdin.write('/quit\r');
      expect(await game.ended).toBe(0);
      const text = stripVTControlCharacters(game.screen.text);
      const places = order.map((words) => text.indexOf(words));
      expect(places.every((place) => place > 0)).toBe(true);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    },
  );
});
