/** The mark of the product: the margin line beside the name. */

import type { JSX } from "preact";

export function Mark(): JSX.Element {
  return <span class="mark" translate={false}>Privity</span>;
}
