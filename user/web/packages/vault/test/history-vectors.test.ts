/** The vectors of contents and of what is decided about them. */

import { HISTORY } from "./history.ts";
import { STORED } from "./operations.ts";
import { runFolders } from "./run_vectors.ts";

await runFolders(["contents", "merge", "tree", "title", "wallet", "rotation", "repair"], [...STORED, ...HISTORY]);
