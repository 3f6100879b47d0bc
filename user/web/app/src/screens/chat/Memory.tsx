/** Memory in a chat: whether it is sent here, what went with an answer's question, and a way to remember a message. */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import type { MessageView } from "../../bridge/views.ts";
import { Button, IconButton } from "../../parts/Button.tsx";
import { Icon } from "../../parts/Icon.tsx";
import { chat, overview, remembering } from "../../state/app.ts";
import { isSentHere, loadMemories, MOST_LETTERS, sendHere } from "../../state/memories.ts";
import { dialog } from "../../state/opened.ts";
import { t } from "../../text/text.ts";

/** Below the composer, where memories are sent at all. */
export function MemorySwitch(): JSX.Element {
  useEffect(() => void loadMemories(), [overview.value]);
  const on = isSentHere.value;
  return (
    <button type="button" class="state-proof" title={t("memory.here")} onClick={() => void sendHere(!on)}>
      <Icon name={on ? "check" : "close"} />{t(on ? "memory.here_on" : "memory.here_off")}
    </button>
  );
}

/** Among what can be done with a message. */
export function MemoryActions({ message: { text, memories = [] } }: { readonly message: MessageView }): JSX.Element {
  const remember = (): void => {
    const open = chat.peek();
    const source = open === null || open.row.temporary ? null : open.row.id;
    dialog.value = { kind: "memory", row: { id: null, text: text.slice(0, MOST_LETTERS), source, active: true } };
  };
  return (
    <>
      {remembering.value && text !== "" && (
        <IconButton icon="pin" name={t("memory.remember")} popup="dialog" onClick={remember} />
      )}
      {memories.length > 0 && (
        <Button kind="quiet" popup="dialog" onClick={() => { dialog.value = { kind: "used", texts: memories }; }}>
          {t("memory.used", { count: memories.length })}
        </Button>
      )}
    </>
  );
}
