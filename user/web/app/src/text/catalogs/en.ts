import account from "./en/account.json" with { type: "json" };
import answer from "./en/answer.json" with { type: "json" };
import chat from "./en/chat.json" with { type: "json" };
import entry from "./en/entry.json" with { type: "json" };
import files from "./en/files.json" with { type: "json" };
import panel from "./en/panel.json" with { type: "json" };
import settings from "./en/settings.json" with { type: "json" };
import shell from "./en/shell.json" with { type: "json" };
import sidebar from "./en/sidebar.json" with { type: "json" };
import states from "./en/states.json" with { type: "json" };

export default { ...account, ...answer, ...chat, ...entry, ...files, ...panel, ...settings, ...shell, ...sidebar, ...states };
