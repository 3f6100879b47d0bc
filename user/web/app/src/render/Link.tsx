/**
 * Links and images that a model wrote. Nothing is fetched because it stands in an answer; where a link leads is visible before it
 * is followed, and an address that could carry something away is shown in full first.
 */

import type { ComponentChildren, JSX } from "preact";
import { useContext, useId, useState } from "preact/hooks";

import { Button } from "../parts/Button.tsx";
import { Dialog } from "../parts/Dialog.tsx";
import { Icon } from "../parts/Icon.tsx";
import { Copy } from "../parts/Reveal.tsx";
import { t } from "../text/text.ts";

import { type Destination, destination, misleads } from "./address.ts";
import { shown } from "./Hidden.tsx";
import { LONG_ADDRESS } from "./limits.ts";
import { Around } from "./surroundings.ts";

/** No page that is opened learns where it was opened from, or can reach back. */
const APART = { target: "_blank", rel: "noopener noreferrer", referrerpolicy: "no-referrer" } as const;

export interface LinkProps {
  readonly address: string;
  /** The link's words, for comparing them with where it leads. */
  readonly words: string;
  readonly children: ComponentChildren;
}

/** A link; words with the address behind them where it leads to nothing that is followed. */
export function Link({ address, words, children }: LinkProps): JSX.Element {
  const { written } = useContext(Around);
  const to = destination(address, written);
  if (to === null) return <Unfollowed address={address} words={words}>{children}</Unfollowed>;
  return <Followed to={to} words={words}>{children}</Followed>;
}

/** An image is never loaded: it is a link with its description. */
export function ImageLink({ address, words }: { readonly address: string; readonly words: string }): JSX.Element {
  const label = words.trim() === "" ? t("answer.image") : t("answer.image.named", { words });
  return (
    <Link address={address} words={words}>
      <span class="image-link"><Icon name="image" />{shown(label)}</span>
    </Link>
  );
}

function Unfollowed({ address, words, children }: LinkProps): JSX.Element {
  const short = address.length > LONG_ADDRESS ? `${address.slice(0, LONG_ADDRESS)}…` : address;
  return <span>{children}{address !== words && address !== "" && <span class="address"> ({shown(short, true)})</span>}</span>;
}

function Followed({ to, words, children }: { readonly to: Destination } & Omit<LinkProps, "address">): JSX.Element {
  const { ask } = useContext(Around);
  const id = useId();
  const [hushed, setHushed] = useState(false);
  const host = shown(to.host, true);
  const asked = (event: Event): void => {
    event.preventDefault();
    ask(to);
  };
  return (
    <span
      class={hushed ? "link link-hushed" : "link"}
      onKeyDown={(event) => {
        if (event.key === "Escape") setHushed(true);
      }}
      onPointerEnter={() => setHushed(false)}
    >
      {to.kind === "open"
        ? <a href={to.href} {...APART} aria-describedby={id}>{children}</a>
        // Without an address of its own: no middle click, no drag, no menu opens it unasked.
        : (
          <a
            role="button"
            tabIndex={0}
            aria-haspopup="dialog"
            aria-describedby={id}
            onClick={asked}
            onKeyDown={(event) => {
              if (event.key === "Enter" || event.key === " ") asked(event);
            }}
          >
            {children}
          </a>
        )}
      {misleads(words, to.host) && <span class="address"> ({host})</span>}
      <span id={id} role="tooltip" class="link-host" dir="ltr">{host}</span>
    </span>
  );
}

/** The question before a long address, or one with a query, is opened. */
export function LinkQuestion({ to, onClose }: { readonly to: Destination; readonly onClose: () => void }): JSX.Element {
  return (
    <Dialog
      title={t("answer.link.title", { host: to.host })}
      onClose={onClose}
      actions={(
        <>
          <Button kind="quiet" onClick={onClose}>{t("answer.link.cancel")}</Button>
          <a class="button button-primary" href={to.href} {...APART} onClick={onClose}>{t("answer.link.open")}</a>
        </>
      )}
    >
      <p>{t("answer.link.why")}</p>
      <p class="link-address" dir="ltr" tabIndex={0}>{shown(to.href, true)}</p>
      <div><Copy text={to.href} name={t("answer.link.copy")} words /></div>
    </Dialog>
  );
}
