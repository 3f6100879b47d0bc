/** A button that opens a list of actions: arrow keys, first letters, Escape; the focus comes back to the button. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";

import { onward } from "./arrows.ts";
import { Icon, type IconName } from "./Icon.tsx";
import { place } from "./place.ts";

export interface MenuItem {
  readonly label: string;
  readonly onSelect: () => void;
  readonly icon?: IconName;
  /** Said below the label. */
  readonly hint?: string;
  /** Keys that do the same. */
  readonly keys?: string;
  /** Given: it is one of a group, ticked or not. */
  readonly checked?: boolean;
  readonly disabled?: boolean;
  readonly danger?: boolean;
}

export interface MenuProps {
  /** What the button opens, spoken; shown too when `label` is not given and there is no icon. */
  readonly name: string;
  readonly icon?: IconName;
  /** Words on the button. */
  readonly label?: ComponentChildren;
  /** "line" draws a line between groups. */
  readonly items: readonly (MenuItem | "line")[];
  readonly kind?: "quiet" | "plain";
}

export function Menu({ name, icon, label, items, kind = "quiet" }: MenuProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = (back: boolean): void => {
    setOpen(false);
    if (back) button.current?.focus();
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        class={label === undefined ? `icon-button icon-button-${kind}` : `button button-${kind} menu-button`}
        aria-label={label === undefined ? name : undefined}
        title={name}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (open || (event.key !== "ArrowDown" && event.key !== "ArrowUp") || event.altKey) return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        {icon !== undefined && <Icon name={icon} />}
        {label !== undefined && <span class="menu-label">{label}</span>}
        {label !== undefined && <Icon name="down" />}
      </button>
      {open && <List id={id} name={name} items={items} button={button.current} close={close} />}
    </>
  );
}

interface ListProps {
  readonly id: string;
  readonly name: string;
  readonly items: readonly (MenuItem | "line")[];
  readonly button: HTMLElement | null;
  readonly close: (back: boolean) => void;
}

function List({ id, name, items, button, close }: ListProps): JSX.Element {
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const shown = list.current;
    if (shown === null || button === null) return;
    shown.showPopover();
    place(shown, button);
    (shown.querySelector<HTMLElement>("[aria-checked='true']") ?? entries(shown)[0])?.focus();
  }, [button]);
  useEffect(() => outside(list.current, button, () => close(false)), [button]);
  return (
    <div
      ref={list}
      id={id}
      class="menu"
      role="menu"
      aria-label={name}
      popover="manual"
      onKeyDown={(event) => pressed(event, list.current, close)}
    >
      {items.map((item, index) => item === "line"
        ? <div key={index} class="menu-line" role="separator" />
        : <Entry key={item.label} item={item} close={close} />)}
    </div>
  );
}

function Entry({ item, close }: { readonly item: MenuItem; readonly close: (back: boolean) => void }): JSX.Element {
  return (
    <button
      type="button"
      tabIndex={-1}
      class={item.danger === true ? "menu-item menu-danger" : "menu-item"}
      role={item.checked === undefined ? "menuitem" : "menuitemradio"}
      aria-checked={item.checked}
      aria-disabled={item.disabled === true ? true : undefined}
      onClick={() => {
        if (item.disabled === true) return;
        close(true);
        item.onSelect();
      }}
    >
      {item.checked !== undefined && <span class="menu-tick">{item.checked && <Icon name="check" />}</span>}
      {item.icon !== undefined && <Icon name={item.icon} />}
      <span class="menu-words">
        <span>{item.label}</span>
        {item.hint !== undefined && <span class="menu-hint">{item.hint}</span>}
      </span>
      {item.keys !== undefined && <kbd>{item.keys}</kbd>}
    </button>
  );
}

function entries(list: HTMLElement | null): readonly HTMLElement[] {
  return list === null ? [] : [...list.querySelectorAll<HTMLElement>(".menu-item")];
}

function pressed(event: KeyboardEvent, list: HTMLElement | null, close: (back: boolean) => void): void {
  const all = entries(list);
  const at = all.findIndex((one) => one === document.activeElement);
  if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    event.stopPropagation();
    close(true);
    return;
  }
  const next = onward(event, at, all.length, "along") ?? lettered(event, all, at);
  if (next === null) return;
  event.preventDefault();
  event.stopPropagation();
  all[next]?.focus();
}

/** The next entry that begins with the letter that was typed. */
function lettered(event: KeyboardEvent, all: readonly HTMLElement[], at: number): number | null {
  if (event.key.length !== 1 || event.key === " " || event.ctrlKey || event.metaKey || event.altKey) return null;
  const letter = event.key.toLocaleLowerCase();
  const order = all.map((_one, index) => (at + 1 + index) % all.length);
  return order.find((index) => (all[index]?.textContent ?? "").trim().toLocaleLowerCase().startsWith(letter)) ?? null;
}

/** Call `left` once something beside the list and its button is pressed, or the page is scrolled or sized anew. */
function outside(list: HTMLElement | null, button: HTMLElement | null, left: () => void): () => void {
  const down = (event: Event): void => {
    const within = [list, button].some((one) => event.target instanceof Node && one?.contains(event.target) === true);
    if (!within) left();
  };
  document.addEventListener("pointerdown", down, true);
  document.addEventListener("wheel", down, { capture: true, passive: true });
  window.addEventListener("resize", left);
  return () => {
    document.removeEventListener("pointerdown", down, true);
    document.removeEventListener("wheel", down, true);
    window.removeEventListener("resize", left);
  };
}
