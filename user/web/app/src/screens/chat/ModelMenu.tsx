/** Which model answers and how much it thinks first; the digest of its weights is one click away. */

import type { JSX } from "preact";

import { Menu, type MenuItem } from "../../parts/Menu.tsx";
import { models } from "../../state/app.ts";
import { setModel } from "../../state/chats.ts";
import { chosenEffort, chosenModel } from "../../state/models.ts";
import { say } from "../../state/notices.ts";
import { secondModel, setSecond } from "../../state/second.ts";
import { isKey, t } from "../../text/text.ts";

export function ModelMenu(): JSX.Element | null {
  const model = chosenModel.value;
  if (model === null) return null;
  const effort = chosenEffort.value;
  const choices: readonly MenuItem[] = models.value.map(({ id, name, context }) => ({
    label: name, hint: t("chat.context_of", { count: context }), checked: id === model.id,
    onSelect: () => void setModel(id, effort),
  }));
  const efforts: readonly MenuItem[] = model.efforts.map((one) => ({
    label: t("chat.effort", { effort: effortName(one) }), checked: one === effort, onSelect: () => void setModel(model.id, one),
  }));
  const others = models.value.filter(({ id }) => id !== model.id);
  const second: readonly MenuItem[] = others.length === 0 ? [] : [
    { label: t("second.none"), checked: secondModel.value === null, onSelect: () => setSecond(null) },
    ...others.map(({ id, name }) => ({
      label: t("second.ask", { model: name }), checked: id === secondModel.value?.id, onSelect: () => setSecond(id),
    })),
  ];
  const digest: MenuItem = {
    label: t("chat.copy_digest"), hint: `sha256:${model.digest}`, icon: "copy",
    onSelect: () => void navigator.clipboard.writeText(model.digest).then(() => say(t("shell.copied"))),
  };
  const more = [efforts, second, [digest]].filter(({ length }) => length > 0);
  const label = effort === null ? model.name : `${model.name} · ${effortName(effort)}`;
  return (
    <Menu
      name={t("chat.model")} label={label}
      items={[...choices, ...more.flatMap((part): readonly (MenuItem | "line")[] => ["line", ...part])]}
    />
  );
}

function effortName(effort: string): string {
  const key = `chat.effort_${effort}`;
  return isKey(key) ? t(key) : effort;
}
