/** Answers in a real document, under the policies of the real page. */

import fc from "fast-check";
import { type ComponentChild, render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";

import { Answer } from "../../src/render/Answer.tsx";
import { UserText } from "../../src/render/UserText.tsx";
import { allTexts } from "../../src/text/text.ts";
import { expectHarmless } from "./drawn.ts";
import { ELSEWHERE, growing, links, requests, shapes } from "./hostile.ts";
import { anyText } from "./texts.ts";

const faults: string[] = [];
let place = document.createElement("main");

beforeAll(() => {
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = "img-src blob: data:; style-src 'self'; font-src 'self'; frame-src blob:; object-src 'none'; "
    + "media-src 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'";
  document.head.append(policy);
  document.addEventListener("securitypolicyviolation",
  (event) => faults.push(`${event.violatedDirective} ${event.blockedURI}`));
  addEventListener("error", (event) => faults.push(event.message));
  addEventListener("unhandledrejection", (event) => faults.push(String(event.reason)));
  new PerformanceObserver((list) => {
    for (const { name } of list.getEntries()) if (!/\/(?:node_modules|app|packages|@)/.test(name)) faults.push(`request ${name}`);
  }).observe({ type: "resource" });
  vi.spyOn(window, "alert").mockImplementation((words) => { faults.push(`alert ${String(words)}`); });
});

beforeAll(allTexts);

afterEach(() => {
  render(null, place);
  place.remove();
  expect(faults.splice(0)).toEqual([]);
});

function draw(what: ComponentChild): HTMLElement {
  if (!place.isConnected) {
    place = document.createElement("main");
    document.body.append(place);
  }
  done(() => render(what, place));
  return place;
}
const drawAnswer = (text: string): HTMLElement => draw(<Answer text={text} />);
const all = (selector: string): HTMLElement[] => [...place.querySelectorAll<HTMLElement>(selector)];
const one = (selector: string): HTMLElement => {
  const [found] = all(selector);
  if (found === undefined) throw new Error(`nothing is ${selector}`);
  return found;
};
/** Do something, and have what follows from it drawn. */
const done = (step: () => void): void => void act(step);
const button = (name: string): HTMLElement => {
  const found = all("button, a[role=button]").find((each) => (each.ariaLabel ?? each.textContent).trim() === name);
  if (found === undefined) throw new Error(`no button ${name}`);
  return found;
};
const settled = (): Promise<void> => new Promise((resolve) => { setTimeout(resolve, 50); });

describe("hostile answers", () => {
  test("ask for nothing, run nothing, and break no policy", async () => {
    draw(<>{[...links, ...requests, ...shapes].map((text) => <Answer text={text} />)}</>);
    for (const formula of all(".maths")) {
      formula.scrollIntoView();
      await settled();
    }
    await vi.waitFor(() => expect(all(".katex").length).toBeGreaterThan(0));
    expectHarmless(place);
    expect(place.textContent).toContain(`<img src="${ELSEWHERE}/i.png" onerror="alert(1)">`);
    expect(place.textContent).toContain("<script>");
  });

  test("the policies of this test are in force", async () => {
    const image = document.createElement("img");
    image.src = `${ELSEWHERE}/control.png`;
    await vi.waitFor(() => expect(faults).toContain(`img-src ${ELSEWHERE}/control.png`));
    expect(() => { image.innerHTML = "<b>"; }).toThrow(TypeError);
    await vi.waitFor(() => expect(faults).toContain("require-trusted-types-for trusted-types-sink"));
    faults.length = 0;
  });

  test("of any text only harmless nodes are made", () => {
    fc.assert(fc.property(anyText, (text) => expectHarmless(drawAnswer(text))), { numRuns: 150 });
  });

  test.each(Object.entries(growing))("%s", (_, make) => {
    expectHarmless(drawAnswer(make(3_000)));
    expect(place.textContent).not.toBe("");
  });

  test("a line of ten megabytes is drawn as text", () => {
    const text = "x".repeat(10_000_000);
    drawAnswer(text);
    expect(one(".answer-limit").textContent).toContain("too long");
    expect(all(".plain").reduce((sum, piece) => sum + piece.textContent.length, 0)).toBe(text.length);
  });
});

describe("an answer that grows", () => {
  test("keeps what it has drawn, and ends as what is drawn at once", async () => {
    const text = "# Title\n\nfirst *one*\n\n- a\n- b\n\n```js\nx\n```\n\nlast";
    draw(<Answer text={text.slice(0, 40)} streaming />);
    const before = all(".stretch > *").slice(0, 2);
    draw(<Answer text={text} streaming />);
    await vi.waitFor(() => expect(place.textContent).toContain("last"));
    expect(before).toHaveLength(2);
    all(".stretch > *").slice(0, 2).forEach((each, at) => expect(each).toBe(before[at]));
    draw(<Answer text={text} />);
    const grown = one(".prose").cloneNode(true);
    render(null, place);
    drawAnswer(text);
    expect(words(grown)).toBe(words(one(".prose")));
  });

  test("keeps the items of a list that it has drawn", async () => {
    const list = Array.from({ length: 30 }, (_, at) => `- item **${String(at)}**`).join("\n\n");
    draw(<Answer text={list} streaming />);
    const before = all("li strong");
    draw(<Answer text={`${list}\n\n- one more`} streaming />);
    await vi.waitFor(() => expect(all("li")).toHaveLength(31));
    all("li strong").forEach((each, at) => expect(each).toBe(before[at]));
  });

  test("is drawn once in a frame", async () => {
    draw(<Answer text="a" streaming />);
    const changes = vi.fn();
    const watch = new MutationObserver(changes);
    watch.observe(place, { subtree: true, childList: true, characterData: true });
    for (let at = 1; at < 20; at++) draw(<Answer text={"a".repeat(at)} streaming />);
    await vi.waitFor(() => expect(place.textContent).toBe("a".repeat(19)));
    watch.disconnect();
    expect(changes.mock.calls.length).toBeLessThanOrEqual(2);
  });

  test("shows open code and an open table as they will be, and an open formula as it is written", () => {
    draw(<Answer text={"|a|b|\n|-|-|\n|1"} streaming />);
    expect(all("td").map((cell) => cell.textContent)).toEqual(["1", ""]);
    render(null, place);
    draw(<Answer text={"```py\nx = "} streaming />);
    expect(one("pre code").textContent).toBe("x = ");
    render(null, place);
    draw(<Answer text={"$$\n\\frac{1}"} streaming />);
    expect(one(".maths-source").textContent).toBe("$$\n\\frac{1}");
  });
});

/** Words and elements, without the ids that differ from one drawing to the next. */
function words(node: Node): string {
  return new XMLSerializer().serializeToString(node).replaceAll(/ (?:id|aria-labelledby|aria-describedby)="[^"]*"/g, "");
}

describe("links", () => {
  test("lead where they say, apart from this page", () => {
    drawAnswer("[the docs](https://docs.example.org/a) and <https://example.org/>");
    const [link] = all("a");
    expect(link?.getAttribute("href")).toBe("https://docs.example.org/a");
    const tip = document.getElementById(link?.getAttribute("aria-describedby") ?? "");
    expect(tip?.textContent).toBe("docs.example.org");
  });

  test("whose words name another host show where they lead", () => {
    drawAnswer("[bank.test](https://evil.test/)");
    expect(one(".address").textContent).toBe(" (evil.test)");
  });

  test("with data of their own are shown in full first, and cannot be opened unasked", () => {
    const address = "https://evil.test/collect?words=what+was+said";
    drawAnswer(`[text](${address})`);
    const link = button("text");
    expect(link.hasAttribute("href")).toBe(false);
    done(() => link.click());
    expect(one("dialog").textContent).toContain(address);
    expect(one("dialog a").getAttribute("href")).toBe(address);
    done(() => button("Stay here").click());
    expect(all("dialog")).toEqual([]);
    done(() => void link.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true })));
    expect(all("dialog")).toHaveLength(1);
  });

  test("that the person wrote are not asked about", () => {
    draw(<Answer text="[x](https://a.test/?q=1)" written="see https://a.test/?q=1" />);
    expect(one("a").getAttribute("href")).toBe("https://a.test/?q=1");
  });

  test("that lead nowhere are words with the address behind them", () => {
    drawAnswer("[click](javascript:alert) ![cat](data:image/png;base64,AA)");
    expect(place.textContent).toContain("click (javascript:alert)");
    expect(place.textContent).toContain("Image: cat (data:image/png;base64,AA)");
    expect(all("a")).toEqual([]);
  });

  test("named elsewhere are found wherever they are named", () => {
    drawAnswer("[one][x]\n\n[x]: https://a.test/1");
    expect(one("a").getAttribute("href")).toBe("https://a.test/1");
  });
});

describe("code, tables, formulas", () => {
  test("copying gives the exact source", async () => {
    const copied: string[] = [];
    vi.spyOn(navigator.clipboard, "writeText").mockImplementation((text) => Promise.resolve(void copied.push(text)));
    const code = "\tif x:\r\n\t\ty  \n\n<b>\u202e</b>";
    const table = "| a | b |\n|---|:-:|\n| *x* | `=1` |";
    drawAnswer(`\`\`\`py\n${code}\n\`\`\`\n\n${table}\n`);
    for (const name of ["Copy code", "Copy as Markdown", "Copy as CSV"]) done(() => button(name).click());
    expect(copied).toEqual([code, table, "a,b\r\nx,'=1"]);
    await settled();
    done(() => render(null, place));
  });

  test("colours arrive, and change no character", async () => {
    const code = "def f(x):\n    return \"a\u202eb\"";
    drawAnswer(`\`\`\`python\n${code}\n\`\`\``);
    await vi.waitFor(() => expect(one(".of-keyword").textContent).toBe("def"), { timeout: 10_000 });
    expect(one("pre code").textContent).toBe(code.replace("\u202e", "U+202E"));
    expect(one(".code-name").textContent).toBe("Python");
  });

  test("long code is every character that was written, before and after its colours, and while it grows", async () => {
    const code = Array.from({ length: 101 }, (_, at) => at % 9 === 0 ? "" : `x${String(at)} = "\t${String(at)}"  `).join("\n");
    const text = `\`\`\`python\n${code}`;
    for (const end of [400, 401, 700, text.length]) {
      draw(<Answer text={text.slice(0, end)} />);
      expect(one("pre code").textContent).toBe(text.slice("```python\n".length, end).replace(/\n$/, ""));
    }
    await vi.waitFor(() => expect(all(".of-string")).toHaveLength(89), { timeout: 10_000 });
    expect(one("pre code").textContent).toBe(code);
    expect(all(".code-lines").slice(0, -1).every((lines) => lines.textContent.endsWith("\n"))).toBe(true);
    expect(one("pre code").innerText.replaceAll(/ +$/gm, "")).toBe(code.replaceAll(/ +$/gm, ""));
  });

  test("lines are wrapped on demand", () => {
    drawAnswer("```\nx\n```");
    done(() => button("Wrap lines").click());
    expect(button("Wrap lines").getAttribute("aria-pressed")).toBe("true");
    expect(one("pre").classList).toContain("code-wrapped");
  });

  test("a formula is set, and one that cannot be is shown as it was written", async () => {
    drawAnswer("$x^2$ and $\\boxed{\\vec{a}}$ and $\\nonsense{$\n\n$$\n\\frac{1}{2}\n$$");
    await vi.waitFor(() => expect(all(".katex")).toHaveLength(3), { timeout: 10_000 });
    expect(one("math annotation").textContent).toBe("x^2");
    expect(all(".katex [style]").length).toBeGreaterThan(0);
    expect(one(".maths code").textContent).toBe("$\\nonsense{$");
  });

  test("expansion without end is shown as it was written", async () => {
    drawAnswer("$\\def\\a{\\a\\a}\\a$ and $y$");
    await vi.waitFor(() => expect(all(".katex")).toHaveLength(1), { timeout: 10_000 });
    expect(one(".maths code").textContent).toBe("$\\def\\a{\\a\\a}\\a$");
  });

  test("headings leave out no level", () => {
    drawAnswer("## A\n\n#### B\n\n### C\n\n# D");
    expect(all("h3, h4, h5, h6").map(({ tagName, textContent }) => `${tagName} ${textContent}`)).toEqual(["H3 A", "H4 B",
    "H4 C", "H3 D"]);
  });

  test("tasks tell and cannot be ticked; a cell may break its line", () => {
    drawAnswer("- [x] done\n- [ ] open\n\n|a|\n|-|\n|b<br>c|");
    expect(all("input").map((box) => [box.getAttribute("aria-label"), (box as HTMLInputElement).checked])).toEqual([["Done",
    true], ["Not done", false]]);
    expect(one("td").querySelector("br")).not.toBeNull();
  });
});

describe("what cannot be seen", () => {
  test("is shown as marks with a name", () => {
    drawAnswer("a\u202eb `c\u200b\u200bd` &#x2066;");
    expect(all(".hidden-mark").map(({ textContent, ariaLabel }) => [textContent, ariaLabel])).toEqual([
      ["U+202E", "Hidden character U+202E"], ["U+200B×2", "Hidden character U+200B, 2 times"],
      ["U+2066", "Hidden character U+2066"],
    ]);
  });

  test("in what a person wrote, too; the rest of it is as it was", () => {
    draw(<UserText text={"*no* markup\n  <b>\u202e</b>"} />);
    expect(one(".user-text").textContent).toBe("*no* markup\n  <b>U+202E</b>");
    expect(getComputedStyle(one(".user-text")).direction).toBe("ltr");
    draw(<UserText text="مرحبا" />);
    expect(getComputedStyle(one(".user-text")).direction).toBe("rtl");
  });
});

describe("preview", () => {
  test("is off by default", () => {
    drawAnswer("```html\n<b>x</b>\n```");
    expect(all("button").map(({ textContent }) => textContent)).not.toContain("Preview");
  });

  test("turned on, shows a frame that may do nothing", async () => {
    draw(<Answer text={"```svg\n<svg></svg>\n```"} previews />);
    done(() => button("Preview").click());
    await vi.waitFor(() => expect(all("iframe")).toHaveLength(1));
    const frame = one("iframe");
    expect(frame.getAttribute("sandbox")).toBe("");
    expect(frame.getAttribute("src")).toMatch(/^blob:/);
    done(() => button("Preview").click());
    expect(all("iframe")).toEqual([]);
  });
});
