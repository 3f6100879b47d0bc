/** One message: a person's words on a tint, or an answer beside its margin line. */

import type { ReadonlySignal } from "@preact/signals";
import type { JSX } from "preact";

import type { MessageView } from "../../bridge/views.ts";
import { memo } from "../../parts/memo.ts";
import { failures } from "../../state/runs.ts";
import { moment, t } from "../../text/text.ts";
import { AnswerBlock } from "./AnswerBlock.tsx";
import { Failed } from "./Failed.tsx";
import { Question } from "./Question.tsx";

export interface MessageProps {
  readonly message: MessageView;
  /** Whether it is drawn whole, or as its words alone. */
  readonly whole: ReadonlySignal<boolean>;
  readonly last: boolean;
  /** Under what the failure of its answer is told, when not under the question: see `Run.key`. */
  readonly failing?: string;
}

/** Drawn again only when the message is another one. */
export const Message = memo(function Message({ message, whole, last, failing }: MessageProps): JSX.Element {
  const { id, role, siblings } = message;
  const question = role === "user" ? id : message.parent;
  const mine = role === "user";
  return (
    <article
      id={`message-${id}`}
      data-id={id}
      data-siblings={siblings.join(" ")}
      class={mine ? "message message-mine" : "message message-answer"}
      tabIndex={last ? 0 : -1}
      aria-labelledby={`name-${id}`}
    >
      <h2 class="spoken" id={`name-${id}`}>{nameOf(message)}</h2>
      {!whole.value ? <p class="message-far" dir="auto">{message.text}</p>
        : mine ? <Question message={message} last={last} /> : <AnswerBlock message={message} />}
      {last && question !== null && <Trouble question={question} failing={failing ?? question} message={message} />}
    </article>
  );
});

interface TroubleProps {
  readonly question: string;
  readonly failing: string;
  readonly message: MessageView;
}

/** Why there is no whole answer; below the last message alone. */
function Trouble({ question, failing, message }: TroubleProps): JSX.Element | null {
  const failure = failures.value.get(failing);
  if (failure === undefined || (failure.answer !== null && failure.answer !== message.id)) return null;
  return <Failed question={question} failing={failing} failure={failure} />;
}

function nameOf({ role, time }: MessageView): string {
  if (time === 0) return t("chat.message_coming");
  const when = moment(time, "time");
  return role === "user" ? t("chat.message_mine", { when }) : t("chat.message_answer", { when });
}
