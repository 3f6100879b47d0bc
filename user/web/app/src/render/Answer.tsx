/** What a model wrote, formatted. No HTML text exists at any point. */

import type { JSX } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";

import { inChunks } from "../parts/chunks.ts";
import { t } from "../text/text.ts";

import type { Destination } from "./address.ts";
import { Block } from "./Block.tsx";
import { type Block as Read, Reader } from "./blocks.ts";
import type { Definitions } from "./lex.ts";
import { LinkQuestion } from "./Link.tsx";
import { useNodes } from "./nodes.ts";
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

/** Blocks of one stretch. */
const STRETCH = 8;

export function Answer({ text, streaming = false, written = "", previews = false }: AnswerProps): JSX.Element {
  const reader = useMemo(() => new Reader(), []);
  const { blocks, definitions, rest } = reader.next(text);
  const stretches = useRef<readonly (readonly Read[])[]>([]);
  stretches.current = inChunks(blocks, STRETCH, stretches.current);
  const [asked, setAsked] = useState<Destination | null>(null);
  const around = useMemo(() => ({ written, previews, ask: setAsked }), [written, previews]);
  const drawn = useNodes(stretches.current, definitions, (some) => <Stretch blocks={some} definitions={definitions} />);
  return (
    <Around.Provider value={around}>
      <div class="prose" dir="auto" aria-busy={streaming || undefined}>
        {drawn}
        {rest !== "" && <p class="answer-limit">{t("answer.limit.rest")}</p>}
        {rest !== "" && <Plain text={rest} />}
      </div>
      {asked !== null && <LinkQuestion to={asked} onClose={() => setAsked(null)} />}
    </Around.Provider>
  );
}

interface StretchProps {
  readonly blocks: readonly Read[];
  readonly definitions: Definitions;
}

/** Blocks that a browser lays out and paints apart from the others, or leaves while they are far away. */
function Stretch({ blocks, definitions }: StretchProps): JSX.Element {
  const drawn = useNodes(blocks, definitions, (block) => <Block block={block} definitions={definitions} />);
  return <div class="stretch">{drawn}</div>;
}
