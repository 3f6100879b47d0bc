/** A file is read in a worker of its own, which holds no key and is ended after it, or after a minute. */

import { type FileAnswers, type FILES, type FileNews, type FileView } from "../bridge/files.ts";
import { type End, Line, Refusal } from "../bridge/line.ts";
import { MAX_FILE, SECONDS } from "../files/limits.ts";

export type Start = () => Promise<End & { terminate(): void }>;

/** What the file holds. Raises Refusal `file.*`. */
export async function readFile(start: Start, file: File, progress: (done: number, of: number) => void): Promise<FileView> {
  if (file.size > MAX_FILE) throw new Refusal("file.too_large", "bytes");
  const worker = await start();
  const line = new Line<typeof FILES, FileAnswers, FileNews>(worker, ({ done, of }) => progress(done, of));
  const clock = setTimeout(() => line.close("file.timeout"), SECONDS * 1000);
  worker.addEventListener("error" as "message", () => line.close("file.damaged"));
  try {
    const data = new Uint8Array(await file.arrayBuffer());
    return await line.ask("read", { fileName: file.name, type: file.type, data });
  } finally {
    clearTimeout(clock);
    worker.terminate();
  }
}
