/** Files that go with the message: what they are, how large, what will be sent of them. */

import type { JSX } from "preact";

import { IconButton } from "../../parts/Button.tsx";
import { Icon } from "../../parts/Icon.tsx";
import { detach, type Item, tray, unseen } from "../../state/composing.ts";
import { bytes, isKey, t } from "../../text/text.ts";
import { reasonText } from "../../text/reasons.ts";

export function Tray(): JSX.Element {
  return <ul class="tray" aria-label={t("chat.tray")}>{tray.value.map((item) => <One key={item.key} item={item} />)}</ul>;
}

function One({ item }: { readonly item: Item }): JSX.Element {
  const { name, type, state, progress } = item;
  const wrong = state === "failed" || unseen(item);
  return (
    <li class={wrong ? `tray-item tray-${state} tray-wrong` : `tray-item tray-${state}`}>
      <Icon name={wrong ? "warning" : type.startsWith("image/") ? "image" : "file"} />
      <div class="tray-words">
        <span class="file-name" dir="auto">{name}</span>
        <span class="tray-facts">{factsOf(item)}</span>
        {state === "reading" && <progress value={progress} max={1} aria-label={t("chat.reading", { name })} />}
      </div>
      <IconButton icon="close" name={t("chat.detach", { name })} onClick={() => detach(item)} />
    </li>
  );
}

function factsOf(item: Item): string {
  const { state, size, type, characters, parts, left, reason } = item;
  if (state === "failed") return reasonText(reason).text;
  if (state === "reading") return bytes(size);
  const facts = [
    bytes(size),
    ...(parts === null ? [] : [t(type === "application/pdf" ? "chat.pages" : "chat.rows", { count: parts })]),
    ...(characters === 0 ? [] : [t("chat.characters", { count: characters })]),
    ...(left !== "" && isKey(left) ? [t(left)] : []),
    ...(unseen(item) ? [t("chat.unseen")] : []),
  ];
  return facts.join(" · ");
}
