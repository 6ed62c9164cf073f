import { describe, expect, test } from 'vitest';
import '../../../src/primitives/durable/commit-step.ts';
import { BRANCH, momentOf, type Moment } from '../../../src/testing/kill-points.ts';

const children = (...paths: string[]): Moment => ({ when: 'after', what: 'children', paths });

describe('a kill point', () => {
  test('is reached once, at the moment and the path it names', () => {
    const isNow = momentOf('worker', { at: 'step.during_handler', path: 'b' });
    const moments: Moment[] = [
      { when: 'during', what: 'handler', paths: ['a'] },
      { when: 'before', what: 'handler', paths: ['b'] },
      { when: 'during', what: 'handler', paths: ['b'] },
      { when: 'during', what: 'handler', paths: ['b'] },
    ];
    expect(moments.map(isNow)).toEqual([false, false, true, false]);
  });

  test('may be a later one of such moments', () => {
    const isNow = momentOf('coordinator', { at: 'run.after_adding_children', nth: 2 });
    expect([children('a'), children('b'), children('c')].map(isNow)).toEqual([false, true, false]);
    const between = momentOf('coordinator', { at: 'saga.between_undos' });
    const before = (path: string): Moment => ({ when: 'before', what: 'children', paths: [path] });
    expect(['s.a', 's.b~undo', 's.a~undo'].map(before).map(between)).toEqual([false, false, true]);
  });

  test('tells branches from steps', () => {
    const isNow = momentOf('coordinator', { at: 'branch.after_adding', path: 'left' });
    expect([children('left'), children(`${BRANCH}right`), children(`${BRANCH}left`)].map(isNow)).toEqual([
      false,
      false,
      true,
    ]);
  });

  test('may be any script of the product', () => {
    const isNow = momentOf('worker', { at: 'after script commit-step', path: 'a' });
    expect(isNow({ when: 'after', what: 'script commit-step', paths: ['1', 'a', 'ipa'] })).toBe(true);
  });

  test.for([
    ['worker', 'run.before_settle', 'is a moment of a coordinator, not of a worker'],
    ['worker', 'step.after_efect', 'did you mean "step.after_effect"?'],
    ['coordinator', 'before script comit-step', 'did you mean "commit-step"?'],
    ['coordinator', 'constructor', 'there is no moment "constructor"'],
  ] as const)('of a %s cannot be %s', ([role, at, message]) => {
    expect(() => momentOf(role, { at: at as 'step.after_effect' })).toThrow(
      expect.objectContaining({ code: 'kill_point_unknown', message: expect.stringContaining(message) }),
    );
  });
});
