/** What a screen reader is given of the chat and of the panel, as a tree; what depends on the clock is a pattern. */

import { afterEach, expect, test } from "vitest";

import { panelOpen } from "../../src/state/app.ts";
import { leave, one, open, show } from "./page.tsx";

afterEach(() => {
  panelOpen.value = false;
  leave();
});

/** What is loaded with its first use is in the page. */
async function there(selector: string): Promise<void> {
  await expect.poll(() => document.querySelector(selector)).not.toBeNull();
}

const ANSWER = "# Title\n\nWords and [a link](https://a.test).\n\n- one\n- two";

test("a chat", async () => {
  const far = await show();
  await open(far, 2, () => ANSWER);
  await there(".messages .prose");
  await expect.element(one("main")).toMatchAriaInlineSnapshot(`
    - main:
      - heading "A chat" [level=1]
      - button "Actions for this chat"
      - button "New chat"
      - log "Conversation":
        - article /You, .+/:
          - heading /You, .+/ [level=2]
          - text: "# Title Words and [a link](https://a.test). - one - two"
          - button "Edit this question"
          - button "Copy this question"
        - article /Answer, .+/:
          - heading /Answer, .+/ [level=2]
          - button "Verified when it was made. Show the receipt"
          - heading "Title" [level=3]
          - paragraph:
            - text: Words and
            - link "a link":
              - /url: https://a.test/
            - text: .
          - list:
            - listitem: one
            - listitem: two
          - button "Copy this answer"
          - button "Answer again"
          - button "More for this answer"
      - textbox "Message":
        - /placeholder: Write a message
      - button "Attach files"
      - button "Small"
      - meter "How full the context is": 5%
      - button "Send" [disabled]
      - paragraph:
        - button /Verified .+ ago/
        - text: Saved
  `);
});

test("the panel", async () => {
  await show();
  panelOpen.value = true;
  await there(".panel-row");
  await expect.element(one(".panel")).toMatchAriaInlineSnapshot(`
    - complementary "What has been proven":
      - heading "What has been proven" [level=2]
      - button "Close"
      - paragraph: /Verified. 1.0, sev_snp, .+/
      - paragraph: /0 passed, 0 failed, 0 not checked Counts until .+/
      - button "Check again with a fresh question"
      - button "Save evidence"
      - paragraph: One file that “privity verify-bundle” checks without this page.
      - region "Graphics processors":
        - group: Graphics processors
      - region "This page":
        - group: This page Not checked
      - region "Route":
        - group: Route Stated
      - region "What this cannot prove":
        - heading "What this cannot prove" [level=3]
        - list:
          - listitem: Genuine by the vendor's signature. Someone with physical access to the server might defeat it.
          - listitem: "Side channels: timing, power and memory access patterns can leak parts of what is computed."
          - listitem: Whoever serves this page could serve another one to you. Local mode (“privity web”) closes that gap.
  `);
});
