/** The vectors of openers, keyrings, sealed objects and pages. */

import { STORED } from "./operations.ts";
import { runFolders } from "./run_vectors.ts";

await runFolders(["opener", "keyring", "object", "page"], STORED);
