/** What a person wrote: no formatting, line ends kept, and nothing hidden. */

import type { JSX } from "preact";

import { Plain } from "./Unformatted.tsx";

export function UserText({ text }: { readonly text: string }): JSX.Element {
  return <div class="user-text" dir="auto"><Plain text={text} /></div>;
}
