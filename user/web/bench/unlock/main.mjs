/* global window, Worker */
// The page of bench/unlock.mjs: hands what is asked for to the worker, as the client's page does, and times the whole way.
const worker = new Worker(new URL("./worker.mjs", import.meta.url), { type: "module" });

window.ask = (question) => new Promise((resolve, reject) => {
  const began = performance.now();
  worker.onmessage = ({ data }) => (data.failed ? reject(new Error(data.failed)) : resolve({ ...data, whole: performance.now() - began }));
  worker.postMessage(question);
});
