// An account's past as ChatGPT exports it: the one way to many messages that is a way of people too.

const MINUTE = 60;
const BEGAN = 1_700_000_000;
const LINES = [
  "Take the berries before the first frost, and leave a third of them to the birds.",
  "A jar keeps for a year when its rim is clean and the lid was boiled.",
  "**Sugar** binds water; with less of it the same jar wants a colder shelf.",
  "Write the date on it: `2026-10-01` says more than *autumn*.",
  "Then turn it over once, and do not open it for a fortnight.",
];

/** In every answer, in one message of all, in none. */
export const SOUGHT = { often: "berries", once: "quittenbrand", never: "zzyzx" };

/** What is said at `index`: questions are short, answers a paragraph, a list now and then. */
function textOf(title, index) {
  if (index % 2 === 0) return `${title}: what about step ${String(index / 2 + 1)}, and why?`;
  const from = index % LINES.length;
  const lines = [LINES[0], ...LINES.slice(from), ...LINES.slice(1, from)];
  return index % 10 === 9 ? lines.map((line) => `- ${line}`).join("\n") : lines.join(" ");
}

/** One chat; its last message ends with `END OF title`. */
function chatOf(number, title, count, rare) {
  const id = (index) => `${String(number)}-${String(index)}`;
  const mapping = {};
  for (let index = 0; index < count; index += 1) {
    const end = index === count - 1 ? ` END OF ${title}` : index === 1 && rare ? ` ${SOUGHT.once}` : "";
    mapping[id(index)] = {
      id: id(index), parent: index === 0 ? null : id(index - 1), children: index === count - 1 ? [] : [id(index + 1)],
      message: {
        author: { role: index % 2 === 0 ? "user" : "assistant" }, status: "finished_successfully",
        create_time: BEGAN + number * 1000 * MINUTE + index * MINUTE,
        content: { content_type: "text", parts: [textOf(title, index) + end] },
      },
    };
  }
  return { id: `chat-${String(number)}`, title, create_time: BEGAN + number, current_node: id(count - 1), mapping };
}

/** Conversations with `messages` messages in all; the last two are `SHORT` and `LONG`. */
export const SHORT = { title: "Ten messages", count: 10 };
export const LONG = { title: "Five hundred messages", count: 500 };

export function conversations(messages) {
  const chats = [];
  const rest = messages - SHORT.count - LONG.count;
  for (let made = 0; made < rest; made += 100) {
    const count = Math.min(100, rest - made);
    chats.push(chatOf(chats.length, `Chat ${String(chats.length + 1)}`, count, made === 0));
  }
  for (const { title, count } of [SHORT, LONG]) chats.push(chatOf(chats.length, title, count, false));
  return chats;
}
