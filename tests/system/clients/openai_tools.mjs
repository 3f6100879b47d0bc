// The `openai` package of Node.js calls a tool, hands its result back, and aborts an answer that would not end.
import { once } from "node:events";
import OpenAI from "openai";

const openai = new OpenAI({ maxRetries: 0, timeout: 120_000 });
const tool = { type: "function", function: { name: "look", parameters: { type: "object" } } };
const asked = { model: "random", tools: [tool], tool_choice: "required" };
const messages = [{ role: "user", content: "Hello" }];
const call = (message) => {
  const [{ id, function: made }] = message.tool_calls;
  return { id, name: made.name, args: JSON.parse(made.arguments) };
};

const told = await openai.chat.completions.create({ ...asked, messages });
const called = call(told.choices[0].message);
const result = { role: "tool", tool_call_id: called.id, content: "A door." };
const after = [...messages, told.choices[0].message, result];
const streamed = call(await openai.chat.completions.stream({ ...asked, messages: after }).finalMessage());
const endless = [{ role: "user", content: "Speak without end" }];
const stream = await openai.chat.completions.create({ model: "random", messages: endless, stream: true });
let first = "";
for await (const { choices } of stream) {
  first = choices[0]?.delta.content ?? "";
  if (first !== "") {
    break;
  }
}
stream.controller.abort();
console.log(JSON.stringify({ called, streamed, first }));
await once(process.stdin.resume(), "data"); // The end of this process would close the connection too.
process.exit(0);
