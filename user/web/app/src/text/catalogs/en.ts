/** The texts of the first screen, and of whatever may fail on it. */

import answer from "./en/answer.json" with { type: "json" };
import chat from "./en/chat.json" with { type: "json" };
import files from "./en/files.json" with { type: "json" };
import shell from "./en/shell.json" with { type: "json" };
import sidebar from "./en/sidebar.json" with { type: "json" };
import states from "./en/states.json" with { type: "json" };

export default { ...answer, ...chat, ...files, ...shell, ...sidebar, ...states };
