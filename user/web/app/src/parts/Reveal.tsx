/** Something folded away that opens where it stands, and a text that can be copied. */

import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";

import { say } from "../state/notices.ts";
import { t } from "../text/text.ts";

import { Button, IconButton } from "./Button.tsx";

export interface RevealProps {
  readonly label: ComponentChildren;
  readonly open?: boolean;
  readonly children: ComponentChildren;
}

/** A line that unfolds what is below it. */
export function Reveal({ label, open = false, children }: RevealProps): JSX.Element {
  return (
    <details class="reveal" open={open}>
      <summary class="reveal-line">{label}</summary>
      <div class="reveal-body">{children}</div>
    </details>
  );
}

export interface CopyProps {
  /** What is copied, or how it is made once somebody wants it. */
  readonly text: string | (() => string);
  /** What is copied; "Copy" when not given. */
  readonly name?: string;
  /** With words beside the icon. */
  readonly words?: boolean;
}

/** Copy `text`, and say that it was. */
export function Copy({ text, name, words = false }: CopyProps): JSX.Element {
  const [copied, setCopied] = useState(false);
  const label = copied ? t("shell.copied") : name ?? t("shell.copy");
  const copy = (): void => {
    navigator.clipboard.writeText(typeof text === "string" ? text : text()).then(() => {
      setCopied(true);
      say(t("shell.copied"));
      setTimeout(() => setCopied(false), COPIED_FOR);
    }, () => setCopied(false));
  };
  const icon = copied ? "check" : "copy";
  if (!words) return <IconButton icon={icon} name={label} onClick={copy} />;
  return <Button kind="quiet" icon={icon} onClick={copy}>{label}</Button>;
}

const COPIED_FOR = 2000;
