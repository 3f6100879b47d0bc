/** Files of messages that were sent: given back to the person as they were kept. */

import { failed } from "./failing.ts";
import { ports } from "./ports.ts";
import { saveFile } from "./saving.ts";

export async function saveAttachment(id: string): Promise<void> {
  try {
    const { fileName, type, data } = await ports().vault.ask("attachment", { attachment: id });
    saveFile(fileName, data, type);
  } catch (error) {
    failed(error);
  }
}
