/** The keys, over whatever is on the screen: what `?` opens. */

import type { JSX } from "preact";

import { Dialog } from "../../parts/Dialog.tsx";
import { closeDialog } from "../../state/opened.ts";
import { t } from "../../text/text.ts";
import { Shortcuts } from "../account/settings/Shortcuts.tsx";

export function ShortcutsDialog(): JSX.Element {
  return <Dialog title={t("shell.action.shortcuts")} size="wide" onClose={closeDialog}><Shortcuts /></Dialog>;
}
