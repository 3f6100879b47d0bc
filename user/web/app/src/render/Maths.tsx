/** Formulas. KaTeX and its fonts are loaded, from us, with the first one that comes near the screen; until then, the source. */

import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { t } from "../text/text.ts";

import { shown } from "./Hidden.tsx";
import { FORMULA_LENGTH } from "./limits.ts";
import { whenNear } from "./seen.ts";
import { formulaSheet } from "./sheets.ts";

export interface MathsProps {
  readonly tex: string;
  readonly display: boolean;
  /** The formula with its delimiters, as it was written. */
  readonly source: string;
}

/** A formula; its source where it cannot be set. */
export function Maths({ tex, display, source }: MathsProps): JSX.Element {
  const place = useRef<HTMLSpanElement>(null);
  const [set, setSet] = useState<string | null>(null);
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null || tex.length > FORMULA_LENGTH) return undefined;
    let current = true;
    const leave = whenNear(element, () => {
      Promise.all([import("./typeset.ts"), formulaSheet()]).then(([{ typeset }]) => {
        const made = current ? typeset(tex, display) : null;
        if (made === null) return;
        element.replaceChildren(made);
        setSet(tex);
      }, () => undefined);
    });
    return () => {
      current = false;
      leave();
    };
  }, [tex, display]);
  const done = set === tex;
  // Two elements: what is typeset belongs to KaTeX, and is never compared with what is drawn here.
  return (
    <span class={display ? "maths maths-display" : "maths"} dir="ltr">
      <span key={`${tex}${String(display)}`} ref={place} class={done ? undefined : "maths-waiting"} />
      {!done && <code>{shown(source, true)}</code>}
    </span>
  );
}

export interface MathsBlockProps {
  readonly tex: string;
  readonly source: string;
  /** Its end has been written; before, it is shown as its source. */
  readonly closed: boolean;
}

/** A formula on lines of its own, in a box that scrolls where it is too wide. */
export function MathsBlock({ tex, source, closed }: MathsBlockProps): JSX.Element {
  return (
    <div class="maths-box" dir="ltr" role="group" tabIndex={0} aria-label={t("answer.maths")}>
      {closed ? <Maths tex={tex} display source={source} /> : <code class="maths-source">{shown(source, true)}</code>}
    </div>
  );
}
