/** The messages of the open chat. Those far from what is in sight are plain text until they come near. */

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";

import { Button } from "../../parts/Button.tsx";
import { lazy } from "../../parts/lazy.tsx";
import { asked } from "../../state/asking.ts";
import { target } from "../../state/chats.ts";
import { shownChunks, shownPair } from "../../state/shown.ts";
import { t } from "../../text/text.ts";
import { Faults, Offers } from "./Faults.tsx";
import { Instructions } from "./Instructions.tsx";
import { Chunk } from "./Chunk.tsx";
import { Nearness } from "./nearness.ts";
import { Scroll, Scrolling } from "./scroll.ts";
import { branchKeys, nextMessage } from "./walking.ts";

const Beside = lazy(async () => (await import("./Beside.tsx")).Beside, () => <></>);

/** From the end, these chunks are drawn whole at once. */
const WHOLE = 2;

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
    <div class="reading">
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
          <Scrolling.Provider value={scroll}><List nearness={nearness} scroll={scroll} /></Scrolling.Provider>
        </div>
      </div>
      <Jump scroll={scroll} />
    </div>
  );
}

function List({ nearness, scroll }: { readonly nearness: Nearness; readonly scroll: Scroll }): JSX.Element {
  const chunks = shownChunks.value;
  const pair = shownPair.value !== null;
  useLayoutEffect(() => { if (asked.value > 0) scroll.toEnd(); }, [asked.value]);
  return (
    <>
      {chunks.map((messages, index) => (
        <Chunk
          key={index} messages={messages} nearness={nearness} near={index >= chunks.length - WHOLE}
          last={!pair && index === chunks.length - 1}
        />
      ))}
      {pair && <Beside />}
    </>
  );
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
