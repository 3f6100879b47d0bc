/** The file worker: one hostile file, no key, no network; the page ends it after the answer, or when it takes too long. */

import { type FileAnswers, FILES, type FileNews } from "../bridge/files.ts";
import { serve } from "../bridge/line.ts";
import { read } from "./read.ts";

const tell = serve<typeof FILES, FileAnswers>(self, FILES, {
  read: ({ fileName, data }) => read({ fileName, data }, (done, of) => {
    tell({ kind: "progress", done, of } satisfies FileNews);
  }),
}, new Set());
