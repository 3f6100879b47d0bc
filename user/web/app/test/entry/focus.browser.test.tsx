/** A step that comes late takes the focus from nobody who types. */

import { render } from "preact";
import type { JSX } from "preact";
import { afterEach, expect, test } from "vitest";

import { useFocusOf } from "../../src/screens/entry/focus.ts";

const main = document.createElement("main");
main.id = "main";
document.body.append(main);

afterEach(() => render(null, main));

function Steps({ step }: { readonly step: string }): JSX.Element {
  useFocusOf(step);
  return (
    <form class="typed">
      <h1>{step}</h1>
      <input id="third" />
      <input id="seventh" />
    </form>
  );
}

/** Effects run after a frame, and the focus moves in the one that follows. */
async function settled(): Promise<void> {
  for (let frames = 0; frames < 4; frames += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
}

test("the first field of a new step is ready to be typed in", async () => {
  render(<Steps step="shown" />, main);
  await settled();
  render(<Steps step="typed" />, main);
  await settled();
  expect(document.activeElement?.id).toBe("third");
});

test("who is in a field already stays there", async () => {
  render(<Steps step="shown" />, main);
  await settled();
  render(<Steps step="typed" />, main);
  document.getElementById("seventh")?.focus();
  await settled();
  expect(document.activeElement?.id).toBe("seventh");
});
