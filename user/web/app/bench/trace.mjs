// What the page's thread did between two frames, from a trace of Chromium.

export const CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline", "blink.user_timing"];
const GREW = "answer grew";

/**
 * Milliseconds of the thread's own time in each frame in which the answer grew: all its tasks since the frame before, with
 * style, layout and paint. A task that waits while other processes run does not count that time.
 */
export function steps(data) {
  const { traceEvents } = JSON.parse(data.toString());
  const mark = traceEvents.find(({ name }) => name === GREW);
  if (mark === undefined) throw new Error("no answer grew in this trace");
  const own = traceEvents.filter(({ pid, tid }) => pid === mark.pid && tid === mark.tid);
  const tasks = own.filter(({ name, ph }) => ph === "X" && name === "RunTask").toSorted((one, other) => one.ts - other.ts);
  const times = (wanted) => own.filter(({ name }) => name === wanted).map(({ ts }) => ts).toSorted((one, other) => one - other);
  const [grown, frames] = [times(GREW), times("Commit")];
  const found = [];
  let work = 0;
  let end = 0;
  let grew = false;
  for (const { ts, dur = 0, tdur = dur } of tasks) {
    // A task inside of another one is counted with it.
    if (ts < end) continue;
    end = ts + dur;
    work += tdur;
    grew ||= within(grown, ts, end);
    if (!within(frames, ts, end)) continue;
    if (grew) found.push(work / 1000);
    [work, grew] = [0, false];
  }
  return found;
}

/** Whether one of the sorted times lies in the range; those before it are not needed again. */
function within(times, from, to) {
  while (times.length > 0 && times[0] < from) times.shift();
  return times.length > 0 && times[0] <= to;
}
