/* global addEventListener, document, MessageChannel, MutationObserver, requestAnimationFrame, window, Worker */
// What stands in the page before its own code and looks on; each function is sent there alone. Times are ms of the page's clock.

/** `window.painted(then)` calls after the frame that shows what was just changed; `window.seen` collects what is measured. */
export function lookOn() {
  window.seen = { keys: [], interactive: null, searches: [] };
  window.painted = (then) => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => then(performance.now());
      port2.postMessage(null);
    });
  };
  const start = () => {
    const field = document.querySelector(".composer textarea");
    if (field === null || field.disabled || field.readOnly) requestAnimationFrame(start);
    else window.painted((now) => { window.seen.interactive = now; });
  };
  start();
  let pressed = 0;
  addEventListener("keydown", (event) => { pressed = event.timeStamp; }, true);
  addEventListener("input", () => {
    const from = pressed;
    window.painted((now) => window.seen.keys.push(now - from));
  }, true);
  // How long the vault worker takes to answer what is looked for, as the page sees it.
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function postMessage(message, ...rest) {
    if (message?.command?.name === "search") {
      const from = performance.now();
      const heard = ({ data }) => {
        if (data?.number !== message.number) return;
        this.removeEventListener("message", heard);
        window.seen.searches.push({ time: performance.now() - from, found: data.answer?.found.length ?? -1 });
      };
      this.addEventListener("message", heard);
    }
    return post.call(this, message, ...rest);
  };
}

/** From the next click until the chat whose last message ends with `ending` is painted. */
export function opened(ending) {
  window.opened = new Promise((resolve) => {
    let from = null;
    const look = () => {
      const last = document.querySelector(".messages .chunk:last-of-type .message:last-child");
      if (from === null || !last?.textContent.includes(ending)) return;
      watching.disconnect();
      window.painted((now) => resolve(now - from));
    };
    const watching = new MutationObserver(look);
    watching.observe(document.body, { subtree: true, childList: true });
    addEventListener("click", (event) => { from = event.timeStamp; }, { capture: true, once: true });
  });
}

/**
 * Mark in the trace each change of the answer that is being written; `window.answered` is kept once it has ended. Nobody else
 * looks at the page meanwhile: Playwright's waiting measures elements in every frame.
 */
export function markSteps() {
  let began = false;
  window.answered = new Promise((resolve) => {
    const watching = new MutationObserver((changes) => {
      const grew = changes.some(({ target }) => {
        const element = target.nodeType === 1 ? target : target.parentElement;
        return element !== null && element.closest(".messages .answer") !== null;
      });
      if (grew) performance.mark("answer grew");
      const busy = document.querySelector(".messages .answer[aria-busy='true']") !== null;
      if (began && !busy) {
        watching.disconnect();
        resolve(null);
      }
      began ||= busy;
    });
    watching.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  });
}
