// The chats that are measured, and the worker's end of the page's line to its vault: everything is in memory, nothing is sealed.
const ANSWER = `## A heading

Some **words** of an answer, with \`code\`, a list and a table:

1. the first thing, which takes a line or two to say, as things do
2. the second one

\`\`\`python
def step(state: int) -> int:
    return state * 6364136223846793005 + 1442695040888963407
\`\`\`

| a | b |
|---|---|
| 1 | 2 |

And a last paragraph that ends it. `;

export const ANSWERS = { short: ANSWER, long: ANSWER.repeat(Math.ceil(16_384 / ANSWER.length)).slice(0, 16_384) };

export function chatOf(id, count) {
  const messages = Array.from({ length: count }, (_one, at) => ({
    id: `${id}-${at}`, parent: at === 0 ? null : `${id}-${at - 1}`, role: at % 2 === 0 ? "user" : "assistant",
    text: at % 2 === 0 ? `Question ${at}, which is a sentence long.` : ANSWER, reasoning: "", attachments: [], state: "complete",
    time: 1_700_000_000_000 + at, siblings: [`${id}-${at}`], model: null, usage: null, proof: at % 2 === 0 ? "none" : "verified",
    evidence: null,
  }));
  const row = { id, title: id, folder: null, pinned: false, archived: false, temporary: false, time: 1, faults: [] };
  return { row, model: null, effort: null, instructions: "", folder: null, messages };
}
