// `cnn.forward` in a thread, so that the page does not stutter: { run, replace }.
//
//   const worker = cnn.worker();
//   const activations = await worker.run(model, pixels);
//
// A model is sent there when it is first run; whoever then changes its weights calls
// `replace(model)`. Where the browser refuses the thread, `run` works in the page.
cnn.worker = () => {
  "use strict";
  const waiting = new Map();
  let [runs, sent, thread] = [0, null, null];
  // Made of the text of the functions, as a page from `file://` may load no script into a thread.
  const source = `const cnn = (${cnn.library})(); let kept; onmessage = ${serve};`;
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    thread = new Worker(address);
    thread.onerror = runHere;
    thread.onmessage = ({ data: { number, activations, message } }) =>
      settle(number, () => activations ?? fail(message));
  } catch {
    // `run` sees that there is no thread.
  }

  function fail(message) {
    throw new Error(message);
  }

  function settle(number, work) {
    const { resolve, reject } = waiting.get(number);
    waiting.delete(number);
    try {
      resolve(work());
    } catch (error) {
      reject(error);
    }
  }

  function runHere() {
    thread = null;
    for (const [number, { model, pixels }] of waiting) {
      settle(number, () => cnn.forward(model, pixels));
    }
  }

  function replace(model) {
    sent = model;
    thread?.postMessage({ model: { input: model.input, layers: model.layers } });
  }

  function run(model, pixels) {
    return new Promise((resolve, reject) => {
      waiting.set(++runs, { resolve, reject, model, pixels });
      if (!thread) return runHere();
      if (model !== sent) replace(model);
      thread.postMessage({ number: runs, pixels });
    });
  }

  // The thread's side: keep a model, or run it.
  function serve({ data: { model, number, pixels } }) {
    if (model) return (kept = model);
    try {
      const activations = cnn.forward(kept, pixels);
      // Handed over, not copied; flattening shares its numbers with the layer before.
      const arrays = activations.flatMap(({ data, logits }) => (logits ? [data, logits] : [data]));
      postMessage({ number, activations }, [...new Set(arrays.map(({ buffer }) => buffer))]);
    } catch ({ message }) {
      postMessage({ number, message });
    }
  }

  return { run, replace };
};
