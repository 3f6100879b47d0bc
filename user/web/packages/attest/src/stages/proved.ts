/** What the client proved with the log, as checks: policy, release, endorsement, directory, anchor; and the fleet. */

import { fails, NotChecked, type Run } from "../case.ts";
import { type Logged, NotProved, type Proof } from "../logged.ts";

function from(proof: (logged: Logged) => Proof): Run {
  return ({ given }) => {
    const outcome = proof(given.logged);
    return outcome instanceof NotProved ? new NotChecked(`blocked_by:${outcome.text}`) : outcome;
  };
}

/** The machine is one of the operator's, by the logged fleet entry. */
const platformListed: Run = ({ found, policy }) => {
  return fails(!policy.fleet.platforms.includes(found.platformId), "platform_not_listed");
};

export const CHECKS: Readonly<Record<string, Run>> = {
  policy_signature: from((logged) => logged.policy),
  release_logged: from((logged) => logged.release),
  endorsement: from((logged) => logged.endorsement),
  directory: from((logged) => logged.directory),
  anchor: from((logged) => logged.anchor),
  platform_listed: platformListed,
};
