/** The page: painted first, then its workers are started. */

import { render } from "preact";

import { App } from "./app.tsx";
import { enforcesIntegrity, loadStyle, registerServiceWorker, startWorker, statement } from "./boot.ts";
import { provideFormulaSheet } from "./render/sheets.ts";
import { online } from "./state/app.ts";
import { speak } from "./state/language.ts";
import { adopt, readStatement, service } from "./state/local.ts";
import { ownWatch, watchIdleness } from "./state/locking.ts";
import { askBeforeLeaving } from "./state/losing.ts";
import { renewWith } from "./state/renewal.ts";
import { run } from "./state/now.ts";
import { flushRemovals } from "./state/removing.ts";
import { listenToKeys } from "./state/shortcuts.ts";
import { beginPage, prove, startPorts, type StartWorker } from "./state/starting.ts";
import { followSystem } from "./state/theme.ts";
import { followWidth } from "./state/width.ts";
import { allTexts } from "./text/text.ts";

const local = readStatement(await statement);
adopt(local);
const start: StartWorker = (name) => startWorker(name, local?.server ?? null);
followSystem();
await speak();
followWidth();
const place = document.getElementById("app");
if (place !== null) {
  void beginPage(start, service()).then(watch).catch(() => undefined);
  render(<App />, place);
}
// What the first paint did without, and the first click may need. A failure shows where it is needed.
void Promise.all([allTexts(), import("./render/Answer.tsx")]).catch(() => undefined);
provideFormulaSheet(() => loadStyle("formula"));
renewWith({ start: () => startPorts(start), prove: () => prove(service()) });
run();
listenToKeys();
askBeforeLeaving();
watchIdleness(ownWatch());
const heard = (): void => { online.value = navigator.onLine; };
addEventListener("online", heard);
addEventListener("offline", heard);
addEventListener("pagehide", () => void flushRemovals());
heard();

/** Which build of the page this is, and whether the server has another: asked last, since it can wait. */
async function watch(): Promise<void> {
  // In local mode the disk keeps the build.
  const registered = local === null ? registerServiceWorker() : Promise.resolve(null);
  const [{ ofBrowser, watchBuild }, registration] = await Promise.all([import("./state/updating.ts"), registered]);
  await watchBuild(ofBrowser(registration), enforcesIntegrity);
}
