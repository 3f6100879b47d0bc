/** Deleting every chat, or the account: both say what goes, are answered by typing, and end with the service's own promise. */

import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { deleteAccount, deleteAll } from "../../state/deleting.ts";
import { erased, saveReceipt } from "../../state/settings.ts";
import { tell } from "../../state/notices.ts";
import { moment, t } from "../../text/text.ts";
import { TypedConfirm } from "./TypedConfirm.tsx";

interface Asked {
  readonly onClose: () => void;
}

export function DeleteAll({ onClose }: Asked): JSX.Element {
  const confirm = async (): ReturnType<typeof deleteAll> => {
    const fault = await deleteAll();
    if (fault === null) tell(t("account.delete_all.done"));
    return fault;
  };
  return (
    <TypedConfirm
      title={t("account.delete_all.title")} phrase={t("account.delete_all.phrase")} go={t("account.delete_all.go")}
      onConfirm={confirm} onClose={onClose}
    >
      <p>{t("account.delete_all.body")}</p>
    </TypedConfirm>
  );
}

export function DeleteAccount({ onClose }: Asked): JSX.Element {
  const confirm = async (): ReturnType<typeof deleteAccount> => {
    const fault = await deleteAccount();
    if (fault === null && erased.value === null) tell(t("account.delete_account.done"));
    return fault;
  };
  return (
    <TypedConfirm
      title={t("account.delete_account.title")} phrase={t("account.delete_account.phrase")} go={t("account.delete_account.go")}
      onConfirm={confirm} onClose={onClose}
    >
      <p>{t("account.delete_account.body")}</p>
      <p class="quiet">{t("account.delete_account.export")}</p>
    </TypedConfirm>
  );
}

/** The service's promise, on every screen until it is closed. */
export function Erased(): JSX.Element | null {
  const receipt = erased.value;
  if (receipt === null) return null;
  const close = (): void => { erased.value = null; };
  const { what, day, backupDays, n, ids } = receipt;
  return (
    <Dialog title={what === "account" ? t("account.erased.account") : t("account.erased.chats")} onClose={close}>
      <div class="stack">
        <p>{t("account.erased.promise", { day: moment(day, "day") })}</p>
        <p>{t("account.erased.backups", { count: backupDays })}</p>
        <dl class="facts">
          <div><dt>{t("account.erased.page")}</dt><dd>{n}</dd></div>
          <div><dt>{t("account.erased.ids")}</dt><dd class="digest" dir="ltr">{ids}</dd></div>
        </dl>
        <p class="quiet">{t("account.erased.limit")}</p>
        <div class="dialog-buttons">
          <Button icon="download" onClick={() => saveReceipt(receipt)}>{t("account.erased.save")}</Button>
          <Button kind="primary" onClick={close}>{t("shell.close")}</Button>
        </div>
      </div>
    </Dialog>
  );
}
