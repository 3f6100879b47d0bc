/** Blocks of an answer as nodes. What did not change since it was drawn is not lexed or compared again. */

import type { MarkedToken, Token, Tokens } from "marked";
import { type ComponentChild, h, type JSX } from "preact";
import { useMemo } from "preact/hooks";

import { t } from "../text/text.ts";

import { type Block as Read, type Heading, under } from "./blocks.ts";
import { Code } from "./Code.tsx";
import { shown } from "./Hidden.tsx";
import { Checkbox, Run } from "./Inline.tsx";
import type { Definitions, Parsed } from "./lex.ts";
import { MathsBlock } from "./Maths.tsx";
import { Plain } from "./Unformatted.tsx";
import { Table } from "./Table.tsx";

export interface BlockProps {
  readonly block: Read;
  readonly definitions: Definitions;
}

/** One block. Who draws it keeps its node while it is the same. */
export function Block({ block, definitions }: BlockProps): JSX.Element {
  switch (block.kind) {
    case "code":
      return <Code info={block.info} code={block.code} />;
    case "formula":
      return <MathsBlock tex={block.tex} closed={block.closed} source={block.source} />;
    case "plain":
      return <Unformatted source={block.source} />;
    case "markdown":
      return <>{views(block.parsed.tokens, { parsed: block.parsed, definitions, heading: block.heading })}</>;
  }
}

function Unformatted({ source }: { readonly source: string }): JSX.Element {
  return (
    <div>
      <p class="answer-limit">{t("answer.limit.block")}</p>
      <Plain text={source} />
    </div>
  );
}

interface Place {
  readonly parsed: Parsed;
  readonly definitions: Definitions;
  readonly heading: Heading;
}

function views(tokens: readonly Token[], place: Place): ComponentChild[] {
  let { heading } = place;
  return (tokens as readonly MarkedToken[]).map((token) => {
    if (token.type === "heading") heading = under(heading, token.depth);
    return view(token, { ...place, heading });
  });
}

function view(token: MarkedToken, place: Place): ComponentChild {
  switch (token.type) {
    case "heading":
      return h(`h${String(place.heading.level)}`, { class: `depth-${String(token.depth)}` }, run(token.tokens, place));
    case "paragraph":
      return <p>{ahead(token.tokens)}{run(token.tokens, place)}</p>;
    case "text":
      return token.tokens === undefined ? shown(token.text) : <>{ahead(token.tokens)}{run(token.tokens, place)}</>;
    case "list":
      return <List list={token} place={place} />;
    case "blockquote":
      return <blockquote>{views(token.tokens, place)}</blockquote>;
    case "code":
      return <Code info={token.lang ?? ""} code={token.text} />;
    case "table":
      return <Table table={token} parsed={place.parsed} definitions={place.definitions} />;
    case "hr":
      return <hr />;
    case "html":
      return <p class="markup">{shown(token.text)}</p>;
    case "checkbox":
      return <Checkbox checked={token.checked} />;
    default:
      return null;
  }
}

function run(tokens: readonly Token[], { parsed, definitions }: Place): JSX.Element {
  return <Run source={parsed.runs.get(tokens) ?? ""} definitions={definitions} />;
}

/** What marked puts before a run: the box of a task. */
function ahead(tokens: readonly Token[]): ComponentChild {
  const [first] = tokens as readonly MarkedToken[];
  return first?.type === "checkbox" ? <Checkbox checked={first.checked} /> : null;
}

function List({ list, place }: { readonly list: Tokens.List; readonly place: Place }): JSX.Element {
  const items = list.items.map((item) => <Item item={item} place={place} />);
  return list.ordered ? <ol start={list.start === "" ? 1 : list.start}>{items}</ol> : <ul>{items}</ul>;
}

/** An item is drawn again only when its own text changed: long lists grow at their end. */
function Item({ item, place }: { readonly item: Tokens.ListItem; readonly place: Place }): JSX.Element {
  const { definitions, heading } = place;
  return useMemo(
    () => <li class={item.task ? "task" : undefined}>{views(item.tokens, place)}</li>,
    [item.raw, item.loose, definitions, heading.first, heading.level],
  );
}
