/** Why a question has no whole answer, what is safe, and what can be done. */

import type { JSX } from "preact";

import { regenerate, tryAgain } from "../../state/asking.ts";
import { models } from "../../state/app.ts";
import { chosenModel } from "../../state/models.ts";
import { go } from "../../state/places.ts";
import type { Failure } from "../../state/runs.ts";
import { leave } from "../../state/second.ts";
import { checkAgain, saveEvidence } from "../../state/verifying.ts";
import { ReasonNotice } from "../states/ReasonNotice.tsx";

export interface FailedProps {
  readonly question: string;
  /** Under what it is told: see `Run.key`. */
  readonly failing: string;
  readonly failure: Failure;
}

export function Failed({ question, failing, failure }: FailedProps): JSX.Element {
  const other = models.value.find(({ id }) => id !== chosenModel.value?.id);
  return (
    <div class="failed">
      <ReasonNotice
        reason={failure.reason}
        detail={failure.detail}
        act={{
          try_again: () => void tryAgain(question, failing),
          keep: () => leave(question, failing),
          check_again: () => void checkAgain().then(() => tryAgain(question, failing)),
          save_evidence: () => void saveEvidence(),
          plans: () => go("usage"),
          ...(other === undefined ? {} : { other_model: () => void regenerate(question, other.id) }),
        }}
      />
    </div>
  );
}
