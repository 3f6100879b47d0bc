/** The frame of a screen that is not the chat: a title in serif, the way back, and one column. */

import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

import { t } from "../text/text.ts";

import { IconButton } from "./Button.tsx";

export interface PageProps {
  readonly title: string;
  /** One sentence below the title. */
  readonly lead?: ComponentChildren;
  /** Given: an arrow leads back. */
  readonly onBack?: () => void;
  /** Buttons beside the title. */
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A screen with its one h1. It scrolls by itself. */
export function Page({ title, lead, onBack, actions, children }: PageProps): JSX.Element {
  return (
    <div class="page">
      <div class="page-inside">
        <header class="page-head">
          {onBack !== undefined && <IconButton icon="back" name={t("shell.back")} onClick={onBack} />}
          <h1 class="page-title">{title}</h1>
          {actions !== undefined && <div class="page-actions">{actions}</div>}
        </header>
        {lead !== undefined && <p class="page-lead">{lead}</p>}
        {children}
      </div>
    </div>
  );
}

export interface SectionProps {
  readonly title: string;
  readonly lead?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A part of a screen below its own h2. */
export function Section({ title, lead, children }: SectionProps): JSX.Element {
  const id = useId();
  return (
    <section class="section" aria-labelledby={id}>
      <h2 id={id} class="section-title">{title}</h2>
      {lead !== undefined && <p class="section-lead">{lead}</p>}
      {children}
    </section>
  );
}

export interface BannerProps {
  /** "plain" informs, "warn" warns, "bad" says that something failed. */
  readonly kind?: "plain" | "warn" | "bad";
  readonly children: ComponentChildren;
  readonly actions?: ComponentChildren;
}

/** A statement across the width of what it stands in. */
export function Banner({ kind = "plain", children, actions }: BannerProps): JSX.Element {
  return (
    <div class={`banner banner-${kind}`}>
      <div class="banner-words">{children}</div>
      {actions !== undefined && <div class="banner-actions">{actions}</div>}
    </div>
  );
}
