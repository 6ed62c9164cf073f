import { describe, expect, it } from 'vitest';
import { agenticRagWorkflow } from '../../../../src/workflows/examples/agentic-rag.ts';
import { runExample, testPorts } from '../../../support/example-ports.ts';

const QUERY = 'What can I do about worries at night?';

/** Answers of the model by the beginning of what it is asked. */
function saying(replies: Readonly<Record<string, string>>) {
  return testPorts(({ prompt }) => Object.entries(replies).find(([start]) => prompt.startsWith(start))?.[1]);
}

const asked = ({ requests }: ReturnType<typeof testPorts>, start: string): number =>
  requests.filter(({ prompt }) => prompt.startsWith(start)).length;

describe('agentic_rag', () => {
  it('answers from relevant documents when the graders agree', async () => {
    const run = await runExample(agenticRagWorkflow(testPorts()), { query: QUERY });
    expect(run.output).toMatchObject({
      status: 'answered',
      retrieval_method: 'vectorstore',
      grounded: true,
      grounding_score: 1,
      refinements: 0,
    });
    expect(run.output).toHaveProperty(
      'answer',
      expect.stringMatching(/^Worries that come at night .* \[1\]\./),
    );
  });

  it('the router decides where to search: news come from the web', async () => {
    const run = await runExample(agenticRagWorkflow(testPorts()), {
      query: 'What is new in the latest release this year?',
    });
    expect(run.output).toMatchObject({ status: 'answered', retrieval_method: 'web' });
    expect(run.output).toHaveProperty('sources.0.id', 'season-of-lanterns');
    expect(run.paths.filter((path) => path.includes('search_vectorstore'))).toEqual([]);
    expect(run.branches).toContainEqual({ path: 'result.attempt~r0.found.search', branch: 'web' });
  });

  it.for(['astrology', 'constructor', '__proto__'])(
    'a source named "%s" is none: the default is asked',
    async (name) => {
      const ports = saying({ 'Which source': JSON.stringify({ datasource: name }) });
      const run = await runExample(agenticRagWorkflow(ports), { query: QUERY });
      expect(run.output).toMatchObject({ status: 'answered', retrieval_method: 'vectorstore' });
    },
  );

  it('without a relevant document the other source is asked, once', async () => {
    const ports = saying({ 'Does the document help': '{"relevant": "no"}' });
    const run = await runExample(agenticRagWorkflow(ports), { query: QUERY });
    expect(run.paths.filter((path) => path.endsWith('search_web'))).toHaveLength(1);
    expect(run.output).toMatchObject({ status: 'no_grounded_answer', answer: null, refinements: 2 });
    expect(asked(ports, 'Answer the question')).toBe(0);
  });

  it('a question in other words than the documents is refined until they fit', async () => {
    const run = await runExample(agenticRagWorkflow(testPorts()), {
      query: 'I am scared of storms, where can I go?',
    });
    expect(run.output).toMatchObject({ status: 'answered', refinements: 1, retrieval_method: 'vectorstore' });
    expect(run.output).toHaveProperty('sources.0.id', 'lighthouse');
  });

  it('an answer that is not grounded is refined twice at most, and never given', async () => {
    const ports = saying({ 'Do the facts support': '{"grounded": "no", "score": 0.2}' });
    const run = await runExample(agenticRagWorkflow(ports), { query: QUERY });
    expect(run).toMatchObject({ status: 'completed', isDegraded: true });
    expect(run.output).toEqual({
      status: 'no_grounded_answer',
      answer: null,
      sources: [],
      retrieval_method: 'vectorstore',
      grounded: false,
      grounding_score: 0.2,
      refinements: 2,
    });
    expect(asked(ports, 'Answer the question')).toBe(3);
    expect(asked(ports, 'Rewrite the question')).toBe(2);
  });

  it('a bad grade that becomes good after one refinement ends the refining', async () => {
    let grades = 0;
    const ports = testPorts(({ prompt }) =>
      prompt.startsWith('Does the answer address') && grades++ === 0 ? '{"useful": "no"}' : undefined,
    );
    const run = await runExample(agenticRagWorkflow(ports), { query: QUERY });
    expect(run.output).toMatchObject({ status: 'answered', refinements: 1 });
  });

  it.for([
    ['no JSON', 'I would say so'],
    ['another shape', '{"grounded": true, "score": 1}'],
    ['a score out of range', '{"grounded": "yes", "score": 7}'],
    ['nothing', ''],
  ])('a verdict that is %s counts as "no"', async ([, reply]) => {
    const run = await runExample(agenticRagWorkflow(saying({ 'Do the facts support': reply! })), {
      query: QUERY,
    });
    expect(run.output).toMatchObject({ status: 'no_grounded_answer', answer: null, grounded: false });
  });

  it('a verdict in a fence is read', async () => {
    const ports = saying({
      'Do the facts support': 'Sure:\n```json\n{"grounded": "yes", "score": 0.9}\n```',
    });
    const run = await runExample(agenticRagWorkflow(ports), { query: QUERY });
    expect(run.output).toMatchObject({ status: 'answered', grounding_score: 0.9 });
  });

  it('an answer with an invented citation is not grounded, whatever the grader says', async () => {
    const ports = saying({
      'Answer the question': 'Worries at night can be given an appointment [8].',
      'Do the facts support': '{"grounded": "yes", "score": 1}',
    });
    const run = await runExample(agenticRagWorkflow(ports), { query: QUERY });
    expect(run.output).toMatchObject({ status: 'no_grounded_answer', answer: null });
  });

  it('a model that stays away fails the run with its error', async () => {
    const ports = testPorts(() => {
      throw new Error('no model today');
    });
    const run = await runExample(agenticRagWorkflow(ports), { query: QUERY });
    expect(run).toMatchObject({ status: 'failed', errorCode: 'step_failed', attempts: { source: 3 } });
  });
});
