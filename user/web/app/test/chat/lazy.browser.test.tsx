/** A component that is loaded with its first use. */

import { render } from "preact";
import { afterEach, expect, test, vi } from "vitest";

import { lazy } from "../../src/parts/lazy.tsx";

const place = document.createElement("div");
afterEach(() => render(null, place));

test("is shown in a place that was drawn before another place had it loaded, and looks only after", async () => {
  let arrived = (): void => undefined;
  const load = vi.fn(() => new Promise<() => string>((resolve) => { arrived = () => resolve(() => "there"); }));
  const Late = lazy(load, () => <>waiting</>);
  render(<p><Late /></p>, place);
  await vi.waitFor(() => expect(load).toHaveBeenCalled());
  render(<p><Late />, <Late /></p>, place);
  expect(place.textContent).toBe("waiting, waiting");
  arrived();
  await vi.waitFor(() => expect(place.textContent).toBe("there, there"));
  expect(load).toHaveBeenCalledOnce();
});
