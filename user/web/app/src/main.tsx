/** The page: painted first, then its workers are started. */

import { render } from "preact";

import { App } from "./app.tsx";
import { local, startWorker } from "./boot.ts";
import { online } from "./state/app.ts";
import { speak } from "./state/language.ts";
import { adopt, service } from "./state/local.ts";
import { ownWatch, renewWith, watchIdleness } from "./state/locking.ts";
import { run } from "./state/now.ts";
import { flushRemovals } from "./state/removing.ts";
import { listenToKeys } from "./state/shortcuts.ts";
import { beginPage, prove, startPorts } from "./state/starting.ts";
import { followWidth } from "./state/width.ts";
import { allTexts } from "./text/text.ts";

adopt(await local);
await speak();
followWidth();
const place = document.getElementById("app");
if (place !== null) {
  void beginPage(startWorker, service());
  render(<App />, place);
}
// What the first paint did without, and the first click may need. A failure shows where it is needed.
void Promise.all([allTexts(), import("./render/Answer.tsx")]).catch(() => undefined);
renewWith({ start: () => startPorts(startWorker), prove: () => prove(service()) });
run();
listenToKeys();
watchIdleness(ownWatch());
const heard = (): void => { online.value = navigator.onLine; };
addEventListener("online", heard);
addEventListener("offline", heard);
addEventListener("pagehide", () => void flushRemovals());
heard();
