/** Opening what this browser knows, or signing in where it knows nothing. Other ways are those that there are, and no others. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";

import type { AccountState } from "../../bridge/views.ts";
import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import { Mark } from "../../parts/Mark.tsx";
import { Page } from "../../parts/Page.tsx";
import { Reveal } from "../../parts/Reveal.tsx";
import { Switch } from "../../parts/Switch.tsx";
import { account } from "../../state/app.ts";
import { type Entering, openHere, signIn } from "../../state/entering.ts";
import { attempt, show } from "../../state/entry.ts";
import { locking } from "../../state/locking.ts";
import { back } from "../../state/places.ts";
import { t } from "../../text/text.ts";
import { ReasonNotice } from "../states/ReasonNotice.tsx";
import { deviceName } from "./name.ts";
import { RecoverForm } from "./RecoverForm.tsx";
import { Waiting } from "./Waiting.tsx";

type Opens = Extract<AccountState, { readonly state: "locked" }>["opens"];

/** A browser that is known has its name already. */
const KNOWN: Entering = { label: "", keepUnlocked: false };

export function Unlock(): JSX.Element {
  const state = account.value;
  return state?.state === "locked" ? <Locked opens={state.opens} /> : <SignIn />;
}

/** What this browser knows lies sealed here. */
function Locked({ opens }: { readonly opens: Opens }): JSX.Element {
  const other = useSignal(false);
  const here = opens.includes("device");
  const passkey = opens.includes("passkey") || opens.includes("words");
  const open = (): void => void (here ? openHere() : signIn(KNOWN));
  const { busy, fault, words } = attempt.value;
  return (
    <Cover title={t("entry.unlock.title")} lead={t("entry.unlock.lead")}>
      {fault !== null && <ReasonNotice {...fault} act={{ try_again: open, another_way: () => { other.value = true; } }} />}
      {locking.value && <Waiting what={t("entry.waiting.locking")} />}
      {!locking.value && busy && (
        <Waiting what={t(here ? "entry.waiting.opening" : "entry.waiting.passkey")} cancellable={!here} />
      )}
      {!locking.value && !busy && (
        <>
          {words ? <Words {...KNOWN} /> : (here || passkey) && (
            <div class="actions">
              <Button kind="primary" icon={here ? "lock" : "key"} onClick={open}>
                {here ? t("entry.unlock.here") : t("entry.unlock.passkey")}
              </Button>
            </div>
          )}
          <Others opens={opens} here={here} open={other.value} />
        </>
      )}
    </Cover>
  );
}

interface CoverProps {
  readonly title: string;
  readonly lead: string;
  readonly children: ComponentChildren;
}

/** Nothing but the mark and the way in. */
function Cover({ title, lead, children }: CoverProps): JSX.Element {
  return (
    <div class="page cover">
      <div class="page-inside cover-inside">
        <Mark />
        <h1 class="page-title">{title}</h1>
        <p class="page-lead">{lead}</p>
        {children}
      </div>
    </div>
  );
}

interface OthersProps {
  readonly opens: Opens;
  readonly here: boolean;
  readonly open: boolean;
}

/** The openers of this keyring beside the one that is asked for already. */
function Others({ opens, here, open }: OthersProps): JSX.Element | null {
  const passkey = here && opens.includes("passkey");
  const words = opens.includes("words");
  const code = opens.includes("code");
  if (!passkey && !words && !code) return null;
  return (
    <Reveal label={t("entry.unlock.other")} open={open}>
      <div class="stack">
        {passkey && (
          <div class="actions">
            <Button icon="key" onClick={() => void signIn(KNOWN)}>{t("entry.unlock.passkey")}</Button>
          </div>
        )}
        {words && <Words {...KNOWN} />}
        {code && <RecoverForm label={deviceName()} />}
      </div>
    </Reveal>
  );
}

/** Nothing is known here: a passkey brings everything. */
function SignIn(): JSX.Element {
  const label = useSignal(deviceName());
  const keepUnlocked = useSignal(false);
  const { busy, fault, words } = attempt.value;
  const enter = (): void => void signIn({ label: label.value, keepUnlocked: keepUnlocked.value });
  if (busy) return <Page title={t("entry.sign_in.title")}><Waiting what={t("entry.waiting.passkey")} cancellable /></Page>;
  return (
    <Page title={t("entry.sign_in.title")} lead={t("entry.sign_in.lead")} onBack={back}>
      {fault !== null && (
        <ReasonNotice
          {...fault} act={{ try_again: enter, another_way: () => show("recover"), link_device: () => show("link") }}
        />
      )}
      <Field
        label={t("entry.device.name")} hint={t("entry.device.hint")} maxLength={64} value={label.value}
        onInput={(value) => { label.value = value; }}
      />
      <Switch
        label={t("entry.keep.label")} hint={keepUnlocked.value ? t("entry.keep.on") : t("entry.keep.off")} on={keepUnlocked.value}
        onChange={(on) => { keepUnlocked.value = on; }}
      />
      {words
        ? <Words label={label.value} keepUnlocked={keepUnlocked.value} />
        : <div class="actions"><Button kind="primary" icon="key" onClick={enter}>{t("entry.ways.sign_in")}</Button></div>}
      <div class="actions">
        <Button kind="quiet" onClick={() => show("recover")}>{t("entry.ways.recover")}</Button>
        <Button kind="quiet" onClick={() => show("link")}>{t("entry.ways.link")}</Button>
      </div>
    </Page>
  );
}

/** Seven words, for a passkey that only signs in. */
function Words({ label, keepUnlocked }: Entering): JSX.Element {
  const typed = useSignal("");
  const submit = (event: Event): void => {
    event.preventDefault();
    if (typed.value.trim() !== "") void signIn({ label, keepUnlocked }, typed.value);
  };
  return (
    <form class="stack" onSubmit={submit}>
      <Field
        label={t("entry.words.label")} hint={t("entry.words.hint")} code value={typed.value}
        onInput={(value) => { typed.value = value; }}
      />
      <div class="actions"><Button kind="primary" icon="key" submit>{t("entry.words.go")}</Button></div>
    </form>
  );
}
