/** What stands in a line, as nodes. */

import type { ComponentChild, JSX } from "preact";
import { useMemo } from "preact/hooks";

import { t } from "../text/text.ts";

import { resolve } from "./references.ts";
import { shown } from "./Hidden.tsx";
import { type Definitions, type Span, spans } from "./lex.ts";
import { ImageLink, Link } from "./Link.tsx";
import { Maths } from "./Maths.tsx";
import { spanWords } from "./plain.ts";

export interface RunProps {
  readonly source: string;
  readonly definitions: Definitions;
  /** In a table's cell `<br>` is the only way to begin a new line: there it does. */
  readonly cell?: boolean;
}

/** A run of text; lexed when it, or an address it may name, changes. */
export function Run({ source, definitions, cell = false }: RunProps): JSX.Element {
  return useMemo(() => <>{nodes(spans(source, definitions), cell)}</>, [source, definitions, cell]);
}

/** Tokens as nodes. */
export function nodes(found: readonly Span[], cell: boolean): ComponentChild[] {
  return found.map((span) => node(span, cell));
}

function node(span: Span, cell: boolean): ComponentChild {
  switch (span.type) {
    case "strong":
      return <strong>{nodes(span.tokens as Span[], cell)}</strong>;
    case "em":
      return <em>{nodes(span.tokens as Span[], cell)}</em>;
    case "del":
      return <del>{nodes(span.tokens as Span[], cell)}</del>;
    case "codespan":
      return <code dir="ltr">{shown(span.text, true)}</code>;
    case "br":
      return <br />;
    case "formula":
      return <Maths tex={span.tex} display={span.display} source={span.raw} />;
    case "link": {
      const address = span.autolink === true ? span.href : resolve(span.href);
      const inside = span.tokens as Span[];
      return <Link address={address} words={spanWords(inside)}>{nodes(inside, cell)}</Link>;
    }
    case "image":
      return <ImageLink address={resolve(span.href)} words={spanWords(span.tokens as Span[])} />;
    case "checkbox":
      return <Checkbox checked={span.checked} />;
    case "html":
      return cell && /^<br\s*\/?>$/i.test(span.text) ? <br /> : shown(span.text);
    default:
      return shown("text" in span ? span.text : span.raw);
  }
}

/** The box of a task in a list; it tells, and cannot be ticked. */
export function Checkbox({ checked }: { readonly checked: boolean }): JSX.Element {
  const name = checked ? t("answer.task.done") : t("answer.task.open");
  return <input type="checkbox" disabled checked={checked} aria-label={name} />;
}
