/** One message: a person's words on a tint, or an answer beside its margin line. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { memo } from "../../parts/memo.ts";
import { useLayoutEffect, useRef } from "preact/hooks";

import type { MessageView } from "../../bridge/views.ts";
import { failures } from "../../state/runs.ts";
import { moment, t } from "../../text/text.ts";
import { AnswerBlock } from "./AnswerBlock.tsx";
import { Failed } from "./Failed.tsx";
import type { Nearness } from "./nearness.ts";
import { Question } from "./Question.tsx";

export interface MessageProps {
  readonly message: MessageView;
  readonly nearness: Nearness;
  /** It is drawn whole at once. */
  readonly near: boolean;
  readonly last: boolean;
  /** The question that it is, or answers. */
  readonly question: string | null;
}

/** Drawn again only when the message is another one. */
export const Message = memo(function Message({ message, nearness, near, last, question }: MessageProps): JSX.Element {
  const { id, role, siblings } = message;
  const whole = useSignal(near);
  const element = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    if (whole.value || element.current === null) return undefined;
    return nearness.of(element.current, whole);
  }, []);
  const mine = role === "user";
  return (
    <article
      ref={element}
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
      {last && question !== null && <Trouble question={question} message={message} />}
    </article>
  );
});

/** Why there is no whole answer; below the last message alone. */
function Trouble({ question, message }: { readonly question: string; readonly message: MessageView }): JSX.Element | null {
  const failure = failures.value.get(question);
  if (failure === undefined) return null;
  return failure.answer === null || failure.answer === message.id ? <Failed question={question} failure={failure} /> : null;
}

function nameOf({ role, time }: MessageView): string {
  if (time === 0) return t("chat.message_coming");
  const when = moment(time, "time");
  return role === "user" ? t("chat.message_mine", { when }) : t("chat.message_answer", { when });
}
