// The `openai` package of Node.js: what it says, streams, remembers, holds to a schema, asks at once, and how it is refused.
import OpenAI, { NotFoundError } from "openai";

const openai = new OpenAI({ maxRetries: 0, timeout: 120_000 });
const messages = [{ role: "user", content: "Hello" }];
const asked = { model: "tiny", messages, temperature: 0, seed: 1, max_tokens: 12 };
const schema = { type: "object", properties: { yes: { type: "boolean" } }, required: ["yes"], additionalProperties: false };

const told = await openai.chat.completions.create(asked);
let streamed = "";
for await (const { choices } of await openai.chat.completions.create({ ...asked, stream: true })) {
  streamed += choices[0]?.delta.content ?? "";
}
const form = { type: "json_schema", json_schema: { name: "yes_or_no", schema, strict: true } };
const held = await openai.chat.completions.create({ ...asked, max_tokens: 200, response_format: form });
const together = await Promise.all(Array.from({ length: 4 }, () => openai.chat.completions.create(asked)));
const response = await openai.responses.create({ model: "tiny", input: "Hello", max_output_tokens: 12 });
const stream = openai.responses.stream({ model: "tiny", input: "And?", previous_response_id: response.id });
const final = await stream.finalResponse();
const refused = await openai.chat.completions.create({ ...asked, model: "none" }).catch((error) => error);
console.log(
  JSON.stringify({
    told: told.choices[0].message.content,
    streamed,
    usage: told.usage.completion_tokens,
    before: response.usage.input_tokens,
    grown: final.usage.input_tokens,
    structured: JSON.parse(held.choices[0].message.content),
    at_once: together.map(({ choices }) => choices[0].message.content),
    refused: refused instanceof NotFoundError ? `${refused.code}: ${refused.message}` : "",
  }),
);
