/** A chat that was read again: messages that are the same stay the same objects, so that what shows them need not look. */

import type { ChatView, MessageView } from "../bridge/views.ts";

/** `next`, with every message of `before` that did not change. */
export function merged(before: ChatView | null, next: ChatView): ChatView {
  if (before?.row.id !== next.row.id) return next;
  const known = new Map([...before.messages, ...before.beside ?? []].map((one) => [one.id, one]));
  const same = (one: MessageView): MessageView => {
    const old = known.get(one.id);
    return old !== undefined && isSame(old, one) ? old : one;
  };
  const messages = next.messages.map(same);
  const unchanged = messages.length === before.messages.length && messages.every((one, index) => one === before.messages[index]);
  const beside = next.beside === undefined ? {} : { beside: next.beside.map(same) };
  return { ...next, ...beside, messages: unchanged ? before.messages : messages };
}

function isSame(left: MessageView, right: MessageView): boolean {
  return left.text === right.text && left.reasoning === right.reasoning && left.state === right.state
    && left.proof === right.proof && left.evidence === right.evidence && left.model === right.model
    && left.parent === right.parent && areSame(left.siblings, right.siblings) && areSame(left.usage ?? [], right.usage ?? [])
    && areSame(left.attachments.map(({ id }) => id), right.attachments.map(({ id }) => id));
}

function areSame(left: readonly (string | number)[], right: readonly (string | number)[]): boolean {
  return left.length === right.length && left.every((one, index) => one === right[index]);
}
