/** The texts of the screens that are loaded when they are opened first, and of what rarely fails. */

import account from "./en/account.json" with { type: "json" };
import entry from "./en/entry.json" with { type: "json" };
import memory from "./en/memory.json" with { type: "json" };
import panel from "./en/panel.json" with { type: "json" };
import parts from "./en/parts.json" with { type: "json" };
import reasons from "./en/reasons.json" with { type: "json" };
import second from "./en/second.json" with { type: "json" };
import settings from "./en/settings.json" with { type: "json" };
import update from "./en/update.json" with { type: "json" };

export { LATE, STAGE_OF } from "../stages.ts";

export default { ...account, ...entry, ...memory, ...panel, ...parts, ...reasons, ...second, ...settings, ...update };
