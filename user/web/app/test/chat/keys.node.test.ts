import { beforeEach, describe, expect, test } from "vitest";

import { onward } from "../../src/parts/arrows.ts";
import { ACTIONS } from "../../src/state/actions.ts";
import { isSingle, keysOf, shownKeys, type Stroke } from "../../src/state/keys.ts";
import { dialog } from "../../src/state/opened.ts";
import { type Line, ranked, scoreOf } from "../../src/state/palette.ts";
import { remember, remembered } from "../../src/state/remembered.ts";
import { actionFor, called, keysNow, type Pressed, remap, resetKeys } from "../../src/state/shortcuts.ts";
import { allTexts, isKey } from "../../src/text/text.ts";
import { FarEnd } from "./far_end.ts";

beforeEach(() => {
  new FarEnd();
  resetKeys();
  remember({ singleKeys: true });
  dialog.value = null;
});

function stroke(key: string, part: Partial<Pressed> = {}): Pressed {
  return {
    key, code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, defaultPrevented: false, isComposing: false,
    repeat: false, ...part,
  };
}

describe("keys", () => {
  test.each<[string, Partial<Stroke>, string | null]>([
    ["k", { ctrlKey: true }, "Mod+K"], ["O", { ctrlKey: true, shiftKey: true }, "Mod+Shift+O"],
    ["ArrowUp", { altKey: true }, "Alt+ArrowUp"], ["?", { shiftKey: true }, "?"], ["/", {}, "/"], ["Escape", {}, "Escape"],
    ["ن", { ctrlKey: true, code: "KeyK" }, "Mod+K"], ["Control", { ctrlKey: true }, null], ["k", { metaKey: true }, null],
    ["Enter", { shiftKey: true }, "Shift+Enter"], ["+", { ctrlKey: true }, "Mod++"],
  ])("%s %j", (key, part, keys) => expect(keysOf(stroke(key, part), false)).toBe(keys));

  test("Mod is ⌘ on Apple's systems", () => {
    expect(keysOf(stroke("k", { metaKey: true }), true)).toBe("Mod+K");
    expect(keysOf(stroke("k", { ctrlKey: true }), true)).toBeNull();
    expect([shownKeys("Mod+Shift+O", true), shownKeys("Mod+Shift+O", false)]).toEqual(["⌘⇧O", "Ctrl+Shift+O"]);
    expect([shownKeys("Alt+ArrowUp", false), shownKeys("Mod++", false), shownKeys("+", false), shownKeys("", false)])
      .toEqual(["Alt+↑", "Ctrl++", "+", ""]);
  });

  test.each([
    ["/", true], ["?", true], ["Shift+Enter", true], ["Mod+K", false], ["Alt+ArrowUp", false], ["Escape", false], ["F2", false],
  ])("%s alone is typed in a text: %s", (keys, single) => expect(isSingle(keys)).toBe(single));
});

describe("actions", () => {
  test("are those of the design, with its keys", () => {
    const design = {
      palette: "Mod+K", new: "Mod+Shift+O", temporary: "Mod+Shift+E", search: "Mod+Shift+F", composer: "/", stop: "Escape",
      next: "Alt+ArrowDown", previous: "Alt+ArrowUp", branch_next: "Alt+ArrowRight", branch_previous: "Alt+ArrowLeft",
      edit_last: "ArrowUp", copy_code: "Mod+Shift+C", panel: "Mod+Shift+V", sidebar: "Mod+B", lock: "Mod+Shift+L", shortcuts: "?",
    };
    for (const [name, keys] of Object.entries(design)) expect([name, keysNow.value.get(name)]).toEqual([name, keys]);
  });

  test("each has a name of its own, a text, and keys that no other has", async () => {
    await allTexts();
    const keys = ACTIONS.map((one) => one.keys).filter((one) => one !== "");
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(ACTIONS.map(({ name }) => name)).size).toBe(ACTIONS.length);
    expect(ACTIONS.every(({ text }) => isKey(text))).toBe(true);
  });

  test("get other keys, which their old owner loses, and get their own back", () => {
    expect(remap("search", "Mod+K")).toBe("palette");
    expect(actionFor("Mod+K")?.name).toBe("search");
    expect(keysNow.value.get("palette")).toBe("");
    expect(remap("search", "Mod+Shift+S")).toBeNull();
    resetKeys();
    expect(actionFor("Mod+K")?.name).toBe("palette");
    expect(remembered.value.keys).toEqual({});
  });

  test("single keys act only while nobody writes, and can be turned off", () => {
    expect(called(stroke("/"), false)?.name).toBe("composer");
    expect(called(stroke("/"), true)).toBeNull();
    remember({ singleKeys: false });
    expect(called(stroke("/"), false)).toBeNull();
    expect(called(stroke("k", { ctrlKey: true }), true)?.name).toBe("palette");
  });

  test.each<[string, Partial<Pressed>]>([
    ["a key that somebody took", { defaultPrevented: true }], ["a key of an input method", { isComposing: true }],
  ])("%s calls nothing", (_name, part) => expect(called(stroke("k", { ctrlKey: true, ...part }), false)).toBeNull());

  test("a dialog that is open keeps the page's keys away", () => {
    dialog.value = { kind: "shortcuts" };
    expect(called(stroke("O", { ctrlKey: true, shiftKey: true }), false)).toBeNull();
  });

  test("what cannot be done now is not called, nor what acts only on the focus", () => {
    expect(called(stroke("Escape"), false)).toBeNull();
    expect(called(stroke("ArrowDown", { altKey: true }), false)).toBeNull();
  });
});

describe("the palette", () => {
  const line = (label: string): Line => {
    return { id: label, kind: "action", label, hint: "", icon: "add", keys: "", run: () => undefined };
  };
  const find = (words: string, ...labels: readonly string[]): readonly string[] => {
    return ranked(labels.map(line), words).map(({ label }) => label);
  };

  test("has the beginning before a word, a word before letters inside, letters apart last", () => {
    expect(find("new", "Renewal", "What is new", "Never ending waltz", "New chat", "Old")).toEqual([
      "New chat", "What is new", "Renewal", "Never ending waltz",
    ]);
  });

  test("ignores case and accents, and shows all without letters", () => {
    expect(find("uber", "Über uns")).toEqual(["Über uns"]);
    expect(find(" ", "a", "b")).toEqual(["a", "b"]);
    expect(find("zz", "a")).toEqual([]);
    expect(scoreOf("abc", "abd")).toBe(0);
  });

  test("shows no more than can be read", () => expect(ranked(Array.from({ length: 999 }, () => line("x")), "x").length).toBe(50));
});

test("arrows go round, and letters lead nowhere", () => {
  const press = (key: string, at: number, part = {}): number | null => onward(stroke(key, part), at, 3, "along");
  expect([press("ArrowDown", 2), press("ArrowUp", 0), press("Home", 2), press("End", 0), press("a", 1), press("ArrowLeft", 1)])
    .toEqual([0, 2, 0, 2, null, null]);
  expect(press("ArrowDown", 0, { altKey: true })).toBeNull();
  expect(onward(stroke("ArrowDown"), 0, 0, "along")).toBeNull();
});
