import account from "./ar/account.json" with { type: "json" };
import answer from "./ar/answer.json" with { type: "json" };
import chat from "./ar/chat.json" with { type: "json" };
import entry from "./ar/entry.json" with { type: "json" };
import files from "./ar/files.json" with { type: "json" };
import memory from "./ar/memory.json" with { type: "json" };
import panel from "./ar/panel.json" with { type: "json" };
import parts from "./ar/parts.json" with { type: "json" };
import reasons from "./ar/reasons.json" with { type: "json" };
import second from "./ar/second.json" with { type: "json" };
import settings from "./ar/settings.json" with { type: "json" };
import shell from "./ar/shell.json" with { type: "json" };
import sidebar from "./ar/sidebar.json" with { type: "json" };
import states from "./ar/states.json" with { type: "json" };
import update from "./ar/update.json" with { type: "json" };

export default {
  ...account, ...answer, ...chat, ...entry, ...files, ...memory, ...panel, ...parts, ...reasons, ...second, ...settings,
  ...shell, ...sidebar, ...states, ...update,
};
