/** What may be in the page when an answer is drawn, whatever it says. */

import { expect } from "vitest";

const TAGS: ReadonlySet<string> = new Set([
  "A", "BLOCKQUOTE", "BR", "BUTTON", "CODE", "DEL", "DIV", "EM", "H3", "H4", "H5", "H6", "HR", "INPUT", "LI", "OL", "P",
  "PRE", "SPAN", "STRONG",
  "TABLE", "TBODY", "TD", "TH", "THEAD", "TR", "UL",
]);
const ATTRIBUTES: ReadonlySet<string> = new Set([
  "aria-describedby", "aria-hidden", "aria-haspopup", "aria-label", "aria-labelledby", "aria-pressed", "aria-busy", "checked",
  "class", "dir",
  "disabled", "href", "id", "referrerpolicy", "rel", "role", "scope", "start", "tabindex", "target", "title", "type",
]);

/** Nothing but text, our own icons and KaTeX's boxes; no address but the allowed ones; nothing that runs. */
export function expectHarmless(root: Element): void {
  for (const element of root.querySelectorAll("*")) {
    if (element.closest(".icon") !== null) continue;
    if (element.closest(".katex") !== null) {
      expectPassive(element);
      continue;
    }
    expect(TAGS, element.outerHTML.slice(0, 200)).toContain(element.tagName);
    for (const { name } of element.attributes) expect(ATTRIBUTES, element.outerHTML.slice(0, 200)).toContain(name);
    if (element.tagName === "A" && element.hasAttribute("href")) expectLink(element as HTMLAnchorElement);
    if (element.tagName === "INPUT") expect(element).toMatchObject({ type: "checkbox", disabled: true });
  }
}

function expectLink(link: HTMLAnchorElement): void {
  expect(link.href).toMatch(/^(?:https?:\/\/|mailto:)/);
  expect(link.search).toBe("");
  expect(link).toMatchObject({ target: "_blank", rel: "noopener noreferrer", referrerPolicy: "no-referrer" });
}

/** What KaTeX made: boxes, lines and MathML without an address. */
function expectPassive(element: Element): void {
  expect(element.localName, element.outerHTML.slice(0,
  200)).toMatch(/^(?:span|svg|path|line|math|semantics|annotation|m[a-z]+)$/);
  for (const { name, value } of element.attributes) {
    expect(name).not.toMatch(/^on|href|src|^data-|action/);
    expect(value).not.toMatch(/url\(|javascript:|elsewhere/i);
  }
}
