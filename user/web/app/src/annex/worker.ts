/** The annex: one piece of work for the vault worker, which speaks to it over the port that the page hands over. */

import { ANNEX, ANNEX_ASIDE, type AnnexAnswers, type AnnexNews } from "../bridge/annex.ts";
import { serve } from "../bridge/line.ts";
import { annexCommands } from "./commands.ts";

self.addEventListener("message", ({ ports: [port] }) => {
  if (port === undefined) return;
  const end = (): void => {
    // The page lets go of it.
    self.postMessage(null);
    self.close();
  };
  const tell: (news: AnnexNews) => void = serve<typeof ANNEX, AnnexAnswers>(
    port, ANNEX, annexCommands((news) => tell(news), end), ANNEX_ASIDE,
  );
  port.start();
}, { once: true });
