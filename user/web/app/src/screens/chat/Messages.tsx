/** The messages of the open chat. Those far from what is in sight are plain text until they come near. */

import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";

import type { MessageView } from "../../bridge/views.ts";
import { Button } from "../../parts/Button.tsx";
import { chat } from "../../state/app.ts";
import { target } from "../../state/chats.ts";
import { running } from "../../state/runs.ts";
import { t } from "../../text/text.ts";
import { Faults, Offers } from "./Faults.tsx";
import { Instructions } from "./Instructions.tsx";
import { Message } from "./Message.tsx";
import { Nearness } from "./nearness.ts";
import { Scroll } from "./scroll.ts";
import { branchKeys, nextMessage } from "./walking.ts";

/** From the end, these are drawn whole at once. */
const WHOLE = 12;

export function Messages(): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const inside = useRef<HTMLDivElement>(null);
  const nearness = useMemo(() => new Nearness(), []);
  const scroll = useMemo(() => new Scroll(), []);
  useLayoutEffect(() => {
    if (scroller.current === null || inside.current === null) return undefined;
    nearness.watch(scroller.current);
    return scroll.watch(scroller.current, inside.current);
  }, []);
  const at = target.value;
  useEffect(() => {
    if (at === null) return;
    scroll.show(document.getElementById(`message-${at}`));
    target.value = null;
  }, [at]);
  return (
    <>
      <div
        class="messages"
        ref={scroller}
        role="log"
        aria-live="off"
        aria-label={t("chat.messages")}
        onKeyDown={(event) => { if (nextMessage(event) || branchKeys(event)) event.preventDefault(); }}
      >
        <div class="column" ref={inside}>
          <Faults />
          <Offers />
          <Instructions />
          <List nearness={nearness} scroll={scroll} />
        </div>
      </div>
      <Jump scroll={scroll} />
    </>
  );
}

function List({ nearness, scroll }: { readonly nearness: Nearness; readonly scroll: Scroll }): JSX.Element {
  const messages = chat.value?.messages ?? NONE;
  const coming = useComputed(() => comingOf(messages));
  const shown = coming.value === null ? messages : [...messages, coming.value];
  const last = shown.at(-1);
  // A question of one's own is always shown whole, wherever one was reading.
  useLayoutEffect(() => { if (last?.role === "user") scroll.toEnd(); }, [last?.id]);
  return (
    <>
      {shown.map((message, index) => (
        <Message
          key={message.id}
          message={message}
          nearness={nearness}
          near={index >= shown.length - WHOLE}
          last={index === shown.length - 1}
          question={message.role === "assistant" ? message.parent : message.id}
        />
      ))}
    </>
  );
}

const NONE: readonly MessageView[] = [];

/** The answer that comes, as long as the vault has nothing of it. */
function comingOf(messages: readonly MessageView[]): MessageView | null {
  const run = running.value;
  if (run === null || messages.some(({ id }) => id === run.answer)) return null;
  if (messages.at(-1)?.id !== run.question) return null;
  return {
    id: run.answer, parent: run.question, role: "assistant", text: "", reasoning: "", attachments: [], state: "streaming",
    time: 0, siblings: [run.answer], model: null, usage: null, proof: "none", evidence: null,
  };
}

/** Back to the newest, when one has read upwards. */
function Jump({ scroll }: { readonly scroll: Scroll }): JSX.Element | null {
  if (scroll.atEnd.value) return null;
  return (
    <div class="jump">
      <Button icon="latest" onClick={() => scroll.toEnd()}>{t("chat.jump")}</Button>
    </div>
  );
}
