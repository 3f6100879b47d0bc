/** The vectors of what leaves an account: for a device, a reader or a file. */

import { HANDED_OVER } from "./handed_over.ts";
import { runFolders } from "./run_vectors.ts";
import { TAKEN_AWAY } from "./taken_away.ts";

await runFolders(["pairing", "share", "export", "search", "importers"], [...HANDED_OVER, ...TAKEN_AWAY]);
