/** The palette: a few letters lead to every action, chat and prompt. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import { Dialog } from "../../parts/Dialog.tsx";
import { Icon } from "../../parts/Icon.tsx";
import { paletteOpen } from "../../state/opened.ts";
import { type Line, ranked } from "../../state/palette.ts";
import { t } from "../../text/text.ts";
import { lines } from "./lines.ts";

export function Palette(): JSX.Element | null {
  return paletteOpen.value ? <Open /> : null;
}

function Open(): JSX.Element {
  const words = useSignal("");
  const at = useSignal(0);
  const close = (): void => { paletteOpen.value = false; };
  const found = ranked(lines(), words.value);
  const take = (line: Line | undefined): void => {
    if (line === undefined) return;
    close();
    // After the dialog has given the focus back, so that what it opens can take it.
    setTimeout(line.run, 0);
  };
  const pressed = (event: KeyboardEvent): void => {
    if (event.isComposing || found.length === 0) return;
    if (event.key === "ArrowDown") at.value = (at.value + 1) % found.length;
    else if (event.key === "ArrowUp") at.value = (at.value - 1 + found.length) % found.length;
    else if (event.key === "Enter") take(found[at.value]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={t("shell.action.palette")} titleHidden size="top" onClose={close}>
      <input
        class="palette-words" type="text" role="combobox" aria-expanded="true" aria-controls="palette-lines"
        aria-label={t("shell.palette_label")}
        aria-activedescendant={found.length === 0 ? undefined : `line-${String(at.value)}`}
        aria-autocomplete="list" placeholder={t("shell.palette_hint")} autofocus autocomplete="off" spellcheck={false}
        value={words.value}
        onInput={(event) => {
          words.value = event.currentTarget.value;
          at.value = 0;
        }}
        onKeyDown={pressed}
      />
      <Lines found={found} at={at.value} take={take} />
    </Dialog>
  );
}

interface LinesProps {
  readonly found: readonly Line[];
  readonly at: number;
  readonly take: (line: Line) => void;
}

function Lines({ found, at, take }: LinesProps): JSX.Element {
  const list = useRef<HTMLUListElement>(null);
  useLayoutEffect(() => list.current?.children[at]?.scrollIntoView({ block: "nearest" }), [at, found]);
  if (found.length === 0) return <p class="palette-nothing" role="status">{t("shell.palette_nothing")}</p>;
  return (
    <ul class="palette-lines" id="palette-lines" role="listbox" aria-label={t("shell.action.palette")} ref={list}>
      {found.map((line, index) => (
        <li
          key={line.id} id={`line-${String(index)}`} class="palette-line" role="option" aria-selected={index === at}
          onClick={() => take(line)}
        >
          <Icon name={line.icon} />
          <span class="palette-label" dir="auto">{line.label}</span>
          {line.hint !== "" && <span class="quiet">{line.hint}</span>}
          {line.keys !== "" && <kbd>{line.keys}</kbd>}
        </li>
      ))}
    </ul>
  );
}
