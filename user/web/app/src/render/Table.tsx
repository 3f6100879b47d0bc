/** Tables: in a box of their own that scrolls, copied as Markdown or as values. */

import type { Tokens } from "marked";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { Copy } from "../parts/Reveal.tsx";
import { t } from "../text/text.ts";

import { Run } from "./Inline.tsx";
import type { Definitions, Parsed } from "./lex.ts";
import { runWords } from "./plain.ts";
import { csv } from "./csv.ts";

export interface TableProps {
  readonly table: Tokens.Table;
  readonly parsed: Parsed;
  readonly definitions: Definitions;
}

type Cells = readonly Tokens.TableCell[];

export function Table({ table, parsed, definitions }: TableProps): JSX.Element {
  const row = (cells: Cells): JSX.Element => <Row cells={cells} parsed={parsed} definitions={definitions} />;
  return (
    <div class="table">
      <div class="table-box" role="group" tabIndex={0} aria-label={t("answer.table")}>
        <table>
          <thead>{row(table.header)}</thead>
          <tbody>{table.rows.map(row)}</tbody>
        </table>
      </div>
      <Copies table={table} parsed={parsed} definitions={definitions} />
    </div>
  );
}

/** A row is drawn again only when its own text changed. */
function Row({ cells, parsed, definitions }: Omit<TableProps, "table"> & { readonly cells: Cells }): JSX.Element {
  return useMemo(() => (
    <tr>
      {cells.map(({ header, align, tokens }) => {
        const inside = <Run source={parsed.runs.get(tokens) ?? ""} definitions={definitions} cell />;
        const side = align === null ? undefined : `column-${align}`;
        return header ? <th scope="col" class={side}>{inside}</th> : <td class={side}>{inside}</td>;
      })}
    </tr>
  ), [cells.map(({ text, align }) => `${String(align)} ${text}`).join("\n"), definitions]);
}

function Copies({ table, parsed, definitions }: TableProps): JSX.Element {
  const words = ({ tokens }: Tokens.TableCell): string => runWords(tokens, parsed, definitions);
  return (
    <div class="table-copies">
      <Copy text={table.raw.trimEnd()} name={t("answer.table.markdown")} words />
      <Copy text={() => csv([table.header, ...table.rows].map((row) => row.map(words)))} name={t("answer.table.csv")} words />
    </div>
  );
}
