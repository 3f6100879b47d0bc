/** What a model wrote, formatted. No HTML text exists at any point. */

import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { t } from "../text/text.ts";

import type { Destination } from "./address.ts";
import { Block } from "./Block.tsx";
import { Reader } from "./blocks.ts";
import { LinkQuestion } from "./Link.tsx";
import { Around } from "./surroundings.ts";
import { Plain } from "./Unformatted.tsx";

export interface AnswerProps {
  readonly text: string;
  /** More of it is to come. */
  readonly streaming?: boolean;
  /** What the person wrote in this chat: addresses that stand there are opened unasked. */
  readonly written?: string;
  /** Whether HTML and SVG can be shown as pictures; off unless the person turned it on. */
  readonly previews?: boolean;
}

export function Answer({ text, streaming = false, written = "", previews = false }: AnswerProps): JSX.Element {
  const reader = useMemo(() => new Reader(), []);
  const { blocks, definitions, rest } = reader.next(usePaced(text, streaming));
  const [asked, setAsked] = useState<Destination | null>(null);
  const around = useMemo(() => ({ written, previews, ask: setAsked }), [written, previews]);
  return (
    <Around.Provider value={around}>
      <div class="prose" dir="auto" aria-busy={streaming || undefined}>
        {blocks.map((block) => <Block block={block} definitions={definitions} />)}
        {rest !== "" && <p class="answer-limit">{t("answer.limit.rest")}</p>}
        {rest !== "" && <Plain text={rest} />}
      </div>
      {asked !== null && <LinkQuestion to={asked} onClose={() => setAsked(null)} />}
    </Around.Provider>
  );
}

/** A growing text, one step per frame at most; a text that does not grow, or did not grow in this frame, at once. */
function usePaced(text: string, streaming: boolean): string {
  const drawn = useRef({ text, inFrame: false });
  const [, drawAgain] = useState(0);
  const waits = streaming && drawn.current.inFrame && text.startsWith(drawn.current.text);
  const now = waits ? drawn.current.text : text;
  useLayoutEffect(() => {
    const grew = drawn.current.text !== now;
    drawn.current.text = now;
    if (!streaming || (!grew && now === text)) return undefined;
    drawn.current.inFrame = true;
    const frame = requestAnimationFrame(() => {
      drawn.current.inFrame = false;
      if (now !== text) drawAgain((count) => count + 1);
    });
    return () => cancelAnimationFrame(frame);
  }, [text, now]);
  return now;
}
