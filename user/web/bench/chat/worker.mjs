// The vault's end: what is asked is answered from memory, in a thread of its own as the real one does.
import { serve } from "../../app/src/bridge/line.ts";
import { VAULT, VAULT_ASIDE } from "../../app/src/bridge/vault.ts";
import { chatOf } from "./chats.mjs";

const chats = new Map([10, 500].map((count) => [`${count}`, chatOf(`${count}`, count)]));
const handlers = {
  open: async ({ chat }) => chats.get(chat),
  composed: async () => "",
  write: async ({ chat, parent, text }) => {
    const id = `q${chats.get(chat).messages.length}`;
    const message = { ...chats.get(chat).messages[0], id, parent, text, siblings: [id] };
    chats.set(chat, { ...chats.get(chat), messages: [...chats.get(chat).messages, message] });
    return { chat, message: id };
  },
  answer: async ({ chat }) => ({ answer: `a${chats.get(chat).messages.length}`, given: [] }),
  finish: async ({ chat, answer, text }) => {
    const { messages } = chats.get(chat);
    const message = { ...messages[1], id: answer, parent: messages.at(-1).id, text, siblings: [answer] };
    chats.set(chat, { ...chats.get(chat), messages: [...messages, message] });
    return null;
  },
};
serve(globalThis, VAULT, new Proxy(handlers, { get: (known, name) => known[name] ?? (async () => null) }), VAULT_ASIDE);
