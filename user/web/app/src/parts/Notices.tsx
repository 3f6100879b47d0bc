/** What is told beside the screen: notices in the corner, and the two regions that screen readers listen to. */

import type { JSX } from "preact";

import { type Notice, notices } from "../state/app.ts";
import { assertive, dismiss, polite } from "../state/notices.ts";
import { t } from "../text/text.ts";

import { Button, IconButton } from "./Button.tsx";
import { Copy, Reveal } from "./Reveal.tsx";

/** Once on the page, before everything else that speaks. */
export function LiveRegions(): JSX.Element {
  return (
    <>
      <div class="spoken" role="status" aria-live="polite">{polite.value}</div>
      <div class="spoken" role="alert" aria-live="assertive">{assertive.value}</div>
    </>
  );
}

/** The notices that are open, the newest last. The live regions have said them: here they are silent. */
export function Notices(): JSX.Element {
  return (
    <section class="notices" aria-label={t("shell.notices")}>
      {notices.value.map((notice) => <One key={notice.id} notice={notice} />)}
    </section>
  );
}

function One({ notice }: { readonly notice: Notice }): JSX.Element {
  const { action, details, id } = notice;
  return (
    <div class={notice.urgent ? "notice notice-bad" : "notice"}>
      <div class="notice-words">
        <p>{notice.text}</p>
        {details !== "" && <Details text={details} />}
      </div>
      {action !== undefined && (
        <Button
          kind="quiet"
          onClick={() => {
            dismiss(id);
            action.run();
          }}
        >
          {action.label}
        </Button>
      )}
      <IconButton icon="close" name={t("shell.dismiss")} onClick={() => dismiss(id)} />
    </div>
  );
}

/** A reason code with its detail, folded, with a button that copies it: no content and no key is ever in it. */
export function Details({ text }: { readonly text: string }): JSX.Element {
  return (
    <Reveal label={t("shell.details")}>
      <code class="details">{text}</code>
      <Copy text={text} name={t("shell.copy_details")} words />
    </Reveal>
  );
}
