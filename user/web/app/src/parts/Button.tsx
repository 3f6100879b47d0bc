/** Buttons: with words, or with an icon that has a name. */

import type { ButtonHTMLAttributes, ComponentChildren, JSX, Ref } from "preact";

import { Icon, type IconName } from "./Icon.tsx";

/** What every button passes on to the element. */
export interface Pressed {
  readonly onClick?: (event: MouseEvent) => void;
  readonly disabled?: boolean;
  readonly expanded?: boolean | undefined;
  readonly pressed?: boolean | undefined;
  readonly popup?: "menu" | "dialog" | "listbox" | undefined;
  /** Id of the element that it opens. */
  readonly controls?: string | undefined;
  readonly described?: string | undefined;
  readonly shortcut?: string | undefined;
  readonly element?: Ref<HTMLButtonElement>;
}

export interface ButtonProps extends Pressed {
  readonly children: ComponentChildren;
  /** "primary": the one thing to do here. "plain": bordered. "quiet": words only. "danger": what cannot be taken back. */
  readonly kind?: "primary" | "plain" | "quiet" | "danger";
  readonly icon?: IconName;
  /** It works: it cannot be pressed again, and says so. */
  readonly busy?: boolean;
  readonly submit?: boolean;
  readonly wide?: boolean;
}

/** A button with words. While `busy` it keeps the focus that a disabled one would lose. */
export function Button(props: ButtonProps): JSX.Element {
  const { children, kind = "plain", icon, busy = false, submit = false, wide = false, ...rest } = props;
  const { onClick } = rest;
  return (
    <button
      {...attributes(rest)}
      type={submit ? "submit" : "button"}
      class={`button button-${kind}${wide ? " button-wide" : ""}`}
      aria-busy={busy}
      aria-disabled={busy || undefined}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {icon !== undefined && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

export interface IconButtonProps extends Pressed {
  readonly icon: IconName;
  /** What it does, spoken and shown on hover. */
  readonly name: string;
  readonly kind?: "quiet" | "primary" | "plain";
}

/** A button with an icon alone; its name is spoken, and shown on hover. */
export function IconButton({ icon, name, kind = "quiet", ...rest }: IconButtonProps): JSX.Element {
  return (
    <button
      {...attributes(rest)}
      type="button"
      class={`icon-button icon-button-${kind}`}
      aria-label={name}
      title={name}
      onClick={rest.onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

function attributes(pressed: Pressed): ButtonHTMLAttributes & { ref?: Ref<HTMLButtonElement> } {
  const { disabled, expanded, pressed: down, popup, controls, described, shortcut, element } = pressed;
  return {
    disabled,
    "aria-expanded": expanded,
    "aria-pressed": down,
    "aria-haspopup": popup,
    "aria-controls": controls,
    "aria-describedby": described,
    "aria-keyshortcuts": shortcut,
    ...(element === undefined ? {} : { ref: element }),
  };
}
