/**
 * KaTeX within limits. It makes elements and no HTML text; what it would write into style attributes, which the page's policy
 * forbids, is set as properties.
 */

import katex from "katex";

/** Widest and highest that a size in a formula may be, in ems. */
const LARGEST = 30;
const OPTIONS = { trust: false, maxExpand: 100, maxSize: LARGEST, strict: "ignore", throwOnError: true } as const;

/** A node of KaTeX's tree, as far as it matters here. */
interface Branch {
  readonly attributes?: Record<string, string>;
  readonly children?: readonly Branch[];
}
interface Tree extends Branch {
  readonly toNode: () => Node;
}

/** A formula as elements; null where KaTeX cannot set it. */
export function typeset(tex: string, display: boolean): Node | null {
  try {
    const tree = (katex as unknown as { __renderToDomTree: (tex: string, options: object) => Tree })
      .__renderToDomTree(tex, { ...OPTIONS, displayMode: display });
    withoutStyles(tree);
    const made = tree.toNode();
    if (made instanceof Element) restyle(made);
    return made;
  } catch {
    return null;
  }
}

function withoutStyles({ attributes, children }: Branch): void {
  const style = attributes?.["style"];
  if (attributes !== undefined && style !== undefined) {
    delete attributes["style"];
    attributes["data-style"] = style;
  }
  children?.forEach(withoutStyles);
}

function restyle(made: Element): void {
  for (const element of made.querySelectorAll<HTMLElement | SVGElement>("[data-style]")) {
    element.style.cssText = element.dataset["style"] ?? "";
    element.removeAttribute("data-style");
  }
}
