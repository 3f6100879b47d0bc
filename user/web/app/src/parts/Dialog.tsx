/** Dialogs: they hold the focus while they are open and give it back when they end. */

import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

import { t } from "../text/text.ts";

import { IconButton } from "./Button.tsx";
import { useHeld } from "./holding.ts";

export interface DialogProps {
  readonly title: string;
  /** Asked by Escape, the close button and a press beside it. */
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  /** Buttons, the main one last. */
  readonly actions?: ComponentChildren;
  /** "alertdialog" for a question that interrupts. */
  readonly role?: "dialog" | "alertdialog";
  /** "narrow" for a question, "wide" for lists, "top" hangs below the upper edge. */
  readonly size?: "narrow" | "wide" | "top";
  readonly titleHidden?: boolean;
}

/**
 * A modal dialog over everything. The first control gets the focus, or the one marked with `autofocus`; whatever had it before
 * gets it back.
 */
export function Dialog(props: DialogProps): JSX.Element {
  const { title, onClose, children, actions, role = "dialog", size = "narrow", titleHidden = false } = props;
  const id = useId();
  const holding = useHeld(onClose);
  return (
    <dialog
      {...holding}
      class={`dialog dialog-${size}`}
      role={role === "alertdialog" ? role : undefined}
      aria-labelledby={id}
    >
      <div class="dialog-inside">
        <header class={titleHidden ? "spoken" : "dialog-head"}>
          <h2 id={id} class="dialog-title">{title}</h2>
          {!titleHidden && <IconButton icon="close" name={t("shell.close")} onClick={onClose} />}
        </header>
        <div class="dialog-body">{children}</div>
        {actions !== undefined && <footer class="dialog-actions">{actions}</footer>}
      </div>
    </dialog>
  );
}
