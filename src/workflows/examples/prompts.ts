import type { FoundDocument } from '../../models/retriever-port.ts';

// What the examples ask of a model. A player's words stand on one line at the end, so that they cannot pass for a
// passage or another instruction of the prompt.

/** A document as it stands in a prompt, under its number. */
export interface Passage {
  readonly n: number;
  readonly title: string;
  readonly text: string;
}

/** Numbered documents, as many of the best as fit into `maxCharacters` whole. */
export function passagesWithin(
  documents: readonly FoundDocument[],
  maxCharacters: number,
): (Passage & Pick<FoundDocument, 'id' | 'score'>)[] {
  const passages: (Passage & Pick<FoundDocument, 'id' | 'score'>)[] = [];
  let left = maxCharacters;
  for (const { id, title, text, score } of documents) {
    const passage = { n: passages.length + 1, id, title, text, score };
    const length = passageText(passage).length + SEPARATOR.length;
    if (length > left) continue;
    left -= length;
    passages.push(passage);
  }
  return passages;
}

const SEPARATOR = '\n\n';

function passageText({ n, title, text }: Passage): string {
  return `[${n}] ${oneLine(title)}\n${oneLine(text)}`;
}

export function answerPrompt(question: string, passages: readonly Passage[]): string {
  return [
    'Answer the question from the numbered passages alone. Cite the passage of every sentence as [n].',
    passages.map(passageText).join(SEPARATOR),
    `Question: ${oneLine(question)}`,
  ].join(SEPARATOR);
}

/** Numbers of passages that a text cites. */
export function citedIn(text: string): number[] {
  return [...new Set([...text.matchAll(/\[(\d+)\]/g)].map(([, n]) => Number(n)))];
}

export function sourcePrompt(question: string): string {
  return [
    'Which source can answer the question: "vectorstore" for the world of the game and for calm techniques, "web" for',
    'news and what is recent? Reply with JSON: {"datasource": "vectorstore"}.',
    `Question: ${oneLine(question)}`,
  ].join('\n');
}

export function relevancePrompt(question: string, { title, text }: Pick<Passage, 'title' | 'text'>): string {
  return [
    'Does the document help to answer the question? Reply with JSON: {"relevant": "yes"} or {"relevant": "no"}.',
    `Document: ${oneLine(title)}. ${oneLine(text)}`,
    `Question: ${oneLine(question)}`,
  ].join('\n');
}

export function usefulnessPrompt(question: string, answer: string): string {
  return [
    'Does the answer address the question? Reply with JSON: {"useful": "yes"} or {"useful": "no"}.',
    `Answer: ${oneLine(answer)}`,
    `Question: ${oneLine(question)}`,
  ].join('\n');
}

export function groundednessPrompt(answer: string, passages: readonly Passage[]): string {
  return [
    'Do the facts support the answer? Reply with JSON: {"grounded": "yes", "score": 1}, the score between 0 and 1.',
    `Facts: ${passages.map(({ title, text }) => `${oneLine(title)}. ${oneLine(text)}`).join(' ')}`,
    `Answer: ${oneLine(answer)}`,
  ].join('\n');
}

export function rewritePrompt(question: string): string {
  return `Rewrite the question so that a search finds more. Reply with the question alone.\nQuestion: ${oneLine(question)}`;
}

export function planPrompt(request: string): string {
  return [
    'Split the request into subtasks. Reply with JSON: {"subtasks": [{"agent", "task", "priority"}]}.',
    'Agents: data_analyst, researcher, fact_checker, summarizer. Priorities: critical, high, normal, low.',
    `Request: ${oneLine(request)}`,
  ].join('\n');
}

export function taskPrompt(agent: string, task: string): string {
  return `You are the ${agent}. Do the task and reply with its result.\nTask: ${oneLine(task)}`;
}

export function storyPrompt(topic: string): string {
  return `Tell a short, calm story.\nTopic: ${oneLine(topic)}`;
}

export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
