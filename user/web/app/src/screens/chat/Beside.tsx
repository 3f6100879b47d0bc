/** Two answers to one question: said before it is sent, shown beside each other, and which of them the chat goes on from. */

import { signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { Button } from "../../parts/Button.tsx";
import { showBranch } from "../../state/chats.ts";
import { chosenModel } from "../../state/models.ts";
import { price } from "../../state/paying.ts";
import { failures, running } from "../../state/runs.ts";
import { secondKey, secondModel } from "../../state/second.ts";
import { type Beside as Shown, shownPair } from "../../state/shown.ts";
import { t } from "../../text/text.ts";
import { Failed } from "./Failed.tsx";
import { Message } from "./Message.tsx";

/** Near Send, where a second model is asked too: who answers, and what that costs. */
export function Announced(): JSX.Element | null {
  const [first, second] = [chosenModel.value, secondModel.value];
  const each = useSignal(0);
  const there = second !== null;
  useEffect(() => {
    // A price that cannot be learnt now is not said; the question itself says what stands against it.
    if (there) price().then((found) => { each.value = found; }, () => undefined);
  }, [there]);
  if (first === null || second === null) return null;
  return (
    <p class="two" role="status">
      <span>{t("second.two", { first: first.name, second: second.name })}</span>
      {each.value > 0 && <span>{t("second.costs", { count: 2 * each.value })}</span>}
    </p>
  );
}

const WHOLE = signal(true);

/** After the question at the end of the chat. */
export function Beside(): JSX.Element | null {
  const shown = shownPair.value;
  if (shown === null) return null;
  return <div class="beside"><Column shown={shown} place={0} /><Column shown={shown} place={1} /></div>;
}

interface ColumnProps {
  readonly shown: Shown;
  readonly place: 0 | 1;
}

function Column({ shown: { pair, answers, chosen }, place }: ColumnProps): JSX.Element {
  const { question } = pair;
  const model = pair.models[place].name;
  const message = answers[place] ?? null;
  const failing = place === 0 ? question : secondKey(question);
  const both = running.value === null && answers.every((one) => one !== null);
  return (
    <section aria-label={model}>
      <p class="beside-name" aria-hidden="true">{model}</p>
      {message === null ? <Without question={question} failing={failing} model={model} waits={pair.waits} />
        : <Message key={message.id} message={message} whole={WHOLE} last failing={failing} />}
      {both && message !== null && (
        <Button
          kind="quiet" icon={message.id === chosen ? "check" : "down"} pressed={message.id === chosen}
          onClick={() => void showBranch(message.id)}
        >
          {t("second.continue")}
        </Button>
      )}
    </section>
  );
}

interface WithoutProps {
  readonly question: string;
  readonly failing: string;
  readonly model: string;
  readonly waits: boolean;
}

/** Nothing is there of an answer: it is still to come, or was not to be had. */
function Without({ question, failing, model, waits }: WithoutProps): JSX.Element | null {
  const failure = failures.value.get(failing);
  if (failure !== undefined) return <Failed question={question} failing={failing} failure={failure} />;
  return waits ? <p class="answer-phase">{t("second.next", { model })}</p> : null;
}
