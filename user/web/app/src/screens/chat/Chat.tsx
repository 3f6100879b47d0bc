/** The chat: its head, its messages, what stands before them and the composer. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Skeleton } from "../../parts/Skeleton.tsx";
import { chat } from "../../state/app.ts";
import { opening } from "../../state/chats.ts";
import { attach } from "../../state/composing.ts";
import { t } from "../../text/text.ts";
import { Composer } from "./Composer.tsx";
import { Empty } from "./Empty.tsx";
import { Head } from "./Head.tsx";
import { Messages } from "./Messages.tsx";

/** Takes files that are dropped anywhere on it. */
export function Chat(): JSX.Element {
  const over = useSignal(false);
  return (
    <div
      class={over.value ? "chat chat-over" : "chat"}
      onDragOver={(event) => {
        if (event.dataTransfer?.types.includes("Files") !== true) return;
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={(event) => { if (event.target === event.currentTarget) over.value = false; }}
      onDrop={(event) => {
        over.value = false;
        if (event.dataTransfer === null || event.dataTransfer.files.length === 0) return;
        event.preventDefault();
        void attach([...event.dataTransfer.files]);
      }}
    >
      <Head />
      <Middle />
      <Composer />
      {over.value && <div class="chat-drop" aria-hidden="true">{t("chat.drop")}</div>}
    </div>
  );
}

function Middle(): JSX.Element {
  const open = chat.value;
  if (opening.value !== null && open?.row.id !== opening.value) {
    return <div class="messages"><div class="column"><Skeleton lines={6} /></div></div>;
  }
  return open === null ? <Empty /> : <Messages key={open.row.id} />;
}
