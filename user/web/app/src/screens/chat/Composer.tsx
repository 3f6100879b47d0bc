/** Where people write: what waits, the files, the text, the model, and the state of everything it would be sent through. */

import type { JSX } from "preact";
import { useRef } from "preact/hooks";

import { IconButton } from "../../parts/Button.tsx";
import { lazy } from "../../parts/lazy.tsx";
import { models } from "../../state/app.ts";
import { attach, submit, tray } from "../../state/composing.ts";
import { allowance } from "../../state/paying.ts";
import { t } from "../../text/text.ts";
import { Meter, MeterWarning } from "./Meter.tsx";
import { ModelMenu } from "./ModelMenu.tsx";
import { Queued } from "./Queued.tsx";
import { SendButton } from "./SendButton.tsx";
import { StateLine } from "./StateLine.tsx";
import { Writing } from "./Writing.tsx";

const Tray = lazy(async () => (await import("./Tray.tsx")).Tray, () => <></>);
const Announced = lazy(async () => (await import("./Beside.tsx")).Announced, () => <></>);
const Allowance = lazy(async () => (await import("./Allowance.tsx")).Allowance, () => <></>);

export function Composer(): JSX.Element {
  return (
    <div class="composer-frame">
      <div class="column">
        <Queued />
        <MeterWarning />
        {allowance.value !== null && <Allowance />}
        <form
          class="composer"
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          {tray.value.length > 0 && <Tray />}
          <Writing />
          {models.value.length > 1 && <Announced />}
          <div class="composer-row">
            <Files />
            <ModelMenu />
            <Meter />
            <SendButton />
          </div>
        </form>
        <StateLine />
      </div>
    </div>
  );
}

function Files(): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton icon="attach" name={t("chat.attach")} onClick={() => input.current?.click()} />
      <input
        ref={input} type="file" multiple hidden tabIndex={-1} aria-label={t("chat.attach")}
        onChange={(event) => {
          void attach([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}
