import account from "./de/account.json" with { type: "json" };
import answer from "./de/answer.json" with { type: "json" };
import chat from "./de/chat.json" with { type: "json" };
import entry from "./de/entry.json" with { type: "json" };
import files from "./de/files.json" with { type: "json" };
import memory from "./de/memory.json" with { type: "json" };
import panel from "./de/panel.json" with { type: "json" };
import parts from "./de/parts.json" with { type: "json" };
import reasons from "./de/reasons.json" with { type: "json" };
import second from "./de/second.json" with { type: "json" };
import settings from "./de/settings.json" with { type: "json" };
import shell from "./de/shell.json" with { type: "json" };
import sidebar from "./de/sidebar.json" with { type: "json" };
import states from "./de/states.json" with { type: "json" };
import update from "./de/update.json" with { type: "json" };

export default {
  ...account, ...answer, ...chat, ...entry, ...files, ...memory, ...panel, ...parts, ...reasons, ...second, ...settings,
  ...shell, ...sidebar, ...states, ...update,
};
