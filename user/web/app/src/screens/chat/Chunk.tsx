/** Some messages that a browser lays out and paints as one, or leaves while they are far away. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import type { MessageView } from "../../bridge/views.ts";
import { memo } from "../../parts/memo.ts";
import { Message } from "./Message.tsx";
import type { Nearness } from "./nearness.ts";

export interface ChunkProps {
  readonly messages: readonly MessageView[];
  readonly nearness: Nearness;
  /** It is drawn whole at once. */
  readonly near: boolean;
  /** Its last message is the chat's. */
  readonly last: boolean;
}

export const Chunk = memo(function Chunk({ messages, nearness, near, last }: ChunkProps): JSX.Element {
  const whole = useSignal(near);
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (whole.peek() || element.current === null) return undefined;
    return nearness.of(element.current, whole);
  }, []);
  return (
    <div class="chunk" ref={element}>
      {messages.map((message, index) => (
        <Message key={message.id} message={message} whole={whole} last={last && index === messages.length - 1} />
      ))}
    </div>
  );
});
