/**
 * A static picture of HTML or SVG that a model wrote, if the person turned previews on.
 *
 * It is a document of its own in a frame that may do nothing: no script, no form, no window, no other address. Its policy is the
 * first thing in it, and the page's own counts there too. What could still reach out, or ask the browser to look up a
 * name, is turned into elements that mean nothing.
 */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { t } from "../text/text.ts";

const POLICY = "<!doctype html><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:\">"
  + "<meta http-equiv=\"x-dns-prefetch-control\" content=\"off\"><meta name=\"referrer\" content=\"no-referrer\">"
  + "<meta name=\"color-scheme\" content=\"light\">";

/** Elements that load, lead away, or speak to the browser. An element begins with "<" and its very name, nowhere else. */
const REACHING = /<(\/?)(?=(?:a|applet|area|base|embed|form|frame|frameset|iframe|link|meta|object|portal|script)(?:[\s/>]|$))/gi;

/** The document that is shown. */
export function documentOf(source: string): string {
  return POLICY + source.replace(REACHING, "<$1off-");
}

export function Preview({ source }: { readonly source: string }): JSX.Element | null {
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([documentOf(source)], { type: "text/html;charset=utf-8" }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [source]);
  if (address === null) return null;
  return (
    <div class="preview">
      <iframe class="preview-frame" sandbox="" src={address} referrerpolicy="no-referrer" title={t("answer.preview.title")} />
      <p class="preview-note">{t("answer.preview.note")}</p>
    </div>
  );
}
