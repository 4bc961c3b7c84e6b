// The forward pass of the book's networks in plain JavaScript, with no other script and no build.
//
//   const model = await cnn.load("models/lenet5-plain.js");    a file of `cnn-explainer export`
//   const activations = cnn.forward(model, pixels);            what each layer makes of a picture
//   const worker = cnn.worker();                               the same, beside the page:
//   await worker.run(model, pixels);
//
// An array is { shape, data: Float32Array }: row by row, the channels of a pixel side by side.
// A kernel's shape is [height, width, channels in, channels out]. The layers go by the names and
// rules of layers.py, the format of a file is described in export.py.
globalThis.cnn ??= (function library() {
  "use strict";

  // --- The layers -------------------------------------------------------------------------------

  // Slide kernels over an image; at each place, sum the products and add the bias.
  function conv2d({ shape, data }, kernel, bias, way) {
    const [size, [channels, filters]] = [kernel.shape.slice(0, 2), kernel.shape.slice(2)];
    const output = zeros([...places(shape, size, way), filters]);
    const [weights, sums] = [kernel.data, output.data];
    if (bias) for (let i = 0; i < sums.length; i += filters) sums.set(bias, i);
    slide(shape, size, way, (place, pixel, tap) => {
      const sum = place * filters;
      for (let c = 0; c < channels; c++) {
        const value = data[pixel * channels + c];
        // After a ReLU most values are zero, and each costs as many products as there are filters.
        if (value === 0) continue;
        const weight = (tap * channels + c) * filters;
        for (let f = 0; f < filters; f++) sums[sum + f] += value * weights[weight + f];
      }
    });
    return output;
  }

  // Keep the largest value of each window, channel by channel; padding never wins.
  function max_pool2d({ shape, data }, size, way) {
    const channels = shape[2];
    const output = zeros([...places(shape, size, way), channels]);
    const largest = output.data.fill(-Infinity);
    slide(shape, size, way, (place, pixel) => {
      for (let c = 0; c < channels; c++) {
        const value = data[pixel * channels + c];
        if (value > largest[place * channels + c]) largest[place * channels + c] = value;
      }
    });
    return output;
  }

  // Average each window, channel by channel; padding does not count.
  function avg_pool2d({ shape, data }, size, way) {
    const channels = shape[2];
    const output = zeros([...places(shape, size, way), channels]);
    const [sums, counts] = [output.data, new Uint32Array(output.data.length / channels)];
    slide(shape, size, way, (place, pixel) => {
      counts[place]++;
      for (let c = 0; c < channels; c++) sums[place * channels + c] += data[pixel * channels + c];
    });
    sums.forEach((sum, i) => (sums[i] = sum / counts[Math.floor(i / channels)]));
    return output;
  }

  // Connect every input with every output: a weighted sum for each output.
  function dense({ shape, data }, kernel, bias) {
    const [inputs, units] = kernel.shape;
    const output = zeros([...shape.slice(0, -1), units]);
    const [weights, sums] = [kernel.data, output.data];
    if (bias) for (let i = 0; i < sums.length; i += units) sums.set(bias, i);
    for (let i = 0; i < data.length; i++) {
      const value = data[i];
      if (value === 0) continue;
      const sum = Math.floor(i / inputs) * units;
      const weight = (i % inputs) * units;
      for (let u = 0; u < units; u++) sums[sum + u] += value * weights[weight + u];
    }
    return output;
  }

  // Multiply each channel by its scale and add its offset: what batch normalisation is in
  // prediction, too.
  function rescaling({ shape, data }, scale, offset) {
    const channels = scale.length;
    return { shape, data: data.map((value, i) => value * scale[i % channels] + offset[i % channels]) };
  }

  // Write an image as one vector: row by row, pixel by pixel, channel by channel.
  function flatten({ data }) {
    return { shape: [data.length], data };
  }

  // Replace what is negative by zero.
  function relu({ shape, data }) {
    return { shape, data: data.map((value) => (value < 0 ? 0 : value)) };
  }

  // Squeeze every value between -1 and 1.
  function tanh({ shape, data }) {
    return { shape, data: data.map(Math.tanh) };
  }

  // Turn scores ("logits") into positive numbers whose sum along the last axis is one.
  function softmax({ shape, data }) {
    const classes = shape[shape.length - 1];
    const output = data.slice();
    for (let i = 0; i < data.length; i += classes) {
      const scores = output.subarray(i, i + classes);
      // The largest score becomes 0, so that `exp` cannot overflow; the quotient stays the same.
      const largest = scores.reduce((a, b) => Math.max(a, b));
      const powers = Array.from(scores, (score) => Math.exp(score - largest));
      const sum = powers.reduce((a, b) => a + b);
      scores.set(powers.map((power) => power / sum));
    }
    return { shape, data: output };
  }

  const ACTIVATIONS = { linear: (x) => x, relu, tanh, softmax };

  // Take a window along its way: at each place, call `visit` for each pixel that it covers, with
  // the number of the place, of the pixel in the image and of the pixel in the window.
  function slide([height, width], [rows, columns], way, visit) {
    const [down, right] = way.stride;
    const [dy, dx] = way.dilation;
    const [[lines, top], [posts, left]] = axes([height, width], [rows, columns], way);
    for (let line = 0, place = 0; line < lines; line++) {
      for (let post = 0; post < posts; post++, place++) {
        for (let m = 0; m < rows; m++) {
          const y = line * down - top + m * dy;
          if (y < 0 || y >= height) continue;
          for (let n = 0; n < columns; n++) {
            const x = post * right - left + n * dx;
            if (x >= 0 && x < width) visit(place, y * width + x, m * columns + n);
          }
        }
      }
    }
  }

  // Count the places of a window along both axes.
  function places(shape, size, way) {
    return axes(shape, size, way).map(([count]) => count);
  }

  // Work out, for each axis, the number of places and the padding before.
  function axes(shape, size, { stride, padding, dilation }) {
    return [0, 1].map((i) => {
      const reach = dilation[i] * (size[i] - 1) + 1;
      if (padding === "valid") return [Math.floor((shape[i] - reach) / stride[i]) + 1, 0];
      const count = Math.ceil(shape[i] / stride[i]);
      // An odd pixel of padding goes to the bottom and to the right.
      return [count, Math.max((count - 1) * stride[i] + reach - shape[i], 0) >> 1];
    });
  }

  function zeros(shape) {
    return { shape, data: new Float32Array(product(shape)) };
  }

  function product(shape) {
    return shape.reduce((a, b) => a * b, 1);
  }

  // --- The network ------------------------------------------------------------------------------

  // How each type of layer works, after its activation function.
  const RUN = {
    rescaling: (x, { scale, offset }) => rescaling(x, scale, offset),
    batch_normalization: (x, { scale, offset }) => rescaling(x, scale, offset),
    conv2d: (x, layer) => conv2d(x, layer.kernel, layer.bias, layer),
    max_pool2d: (x, layer) => max_pool2d(x, layer.size, layer),
    avg_pool2d: (x, layer) => avg_pool2d(x, layer.size, layer),
    global_max_pool2d: (x, layer) => flatten(max_pool2d(x, layer.size, layer)),
    global_avg_pool2d: (x, layer) => flatten(avg_pool2d(x, layer.size, layer)),
    dense: (x, { kernel, bias }) => dense(x, kernel, bias),
    flatten,
    relu: (x) => x,
    tanh: (x) => x,
    softmax: (x) => x,
  };

  // Run a picture through a model: [{ name, type, shape, data }, …], one for each of
  // `model.layers`, after its activation function; beside a softmax, its `logits` too.
  // `pixels` are the height × width × channels values of the picture, from 0 to 255.
  function forward(model, pixels) {
    check(pixels.length === product(model.input), "pixels", `must be ${model.input}`, pixels.length);
    let x = { shape: model.input, data: Float32Array.from(pixels) };
    return model.layers.map((layer) => {
      const { name, type, activation } = layer;
      const before = RUN[type](x, layer);
      x = ACTIVATIONS[activation](before);
      return { name, type, ...x, ...(activation === "softmax" && { logits: before.data }) };
    });
  }

  // The probabilities, of a network that ends in logits too: [{ … }, …] -> Float32Array.
  function probabilities(activations) {
    const last = activations[activations.length - 1];
    return last.logits ? last.data : softmax(last).data;
  }

  // --- A model from a file ----------------------------------------------------------------------

  // A model's file is checked as if an enemy had written it: nothing in it is run, and nothing is
  // made that is larger than this many numbers, such as all activations together.
  const LARGEST = 2 ** 25;
  const LONGEST_NAME = 200;

  // The model in the text of a file. It is never run.
  function parse(text) {
    const call = /^\s*cnn\.receive\(/.exec(text.slice(0, 100));
    const json = call ? text.slice(call[0].length, text.lastIndexOf(")")) : text;
    let value;
    try {
      value = JSON.parse(json);
    } catch (error) {
      throw new Error(`This is not a file of \`cnn-explainer export\`: ${error.message}`);
    }
    return decode(value);
  }

  // The model that the JSON of a file describes: `layers` with their `kernel` { shape, data },
  // `bias`, `scale`, `offset` and the `shape` of what they give. Throws an Error that names the
  // part, the rule and the value.
  function decode(json) {
    check(json && typeof json === "object", "model", "must be an object", json);
    check(json.format === 1, "format", "must be 1, what this page can read", json.format);
    check(["float32", "float16", "int8"].includes(json.dtype), "dtype", "is unknown", json.dtype);
    const input = sizes(json.input, 3, "input");
    check(Array.isArray(json.layers) && json.layers.length, "layers", "must be a list", json.layers);

    const take = reader(json.weights, json.dtype);
    let shape = input;
    let numbers = product(input);
    const layers = json.layers.map((given, i) => {
      const name = text(given?.name, `layers[${i}].name`);
      check(Object.hasOwn(READ, given.type), `${name}.type`, "is unknown", given.type);
      const activation = Object.hasOwn(ACTIVATIONS, given.type) ? given.type : given.activation;
      const layer = {
        name,
        type: given.type,
        activation: activation ?? "linear",
        ...READ[given.type](given, shape, take, name),
      };
      check(Object.hasOwn(ACTIVATIONS, layer.activation), `${name}.activation`, "is unknown", activation);
      shape = layer.shape;
      numbers += product(shape);
      check(numbers <= LARGEST, name, `must keep all activations below ${LARGEST}`, shape);
      return layer;
    });
    take.end();

    check(Array.isArray(json.classes), "classes", "must be a list", json.classes);
    const classes = json.classes.map((label, i) => text(label, `classes[${i}]`));
    const fits = shape.length === 1 && shape[0] === classes.length;
    check(fits, "classes", `must be as many as the last layer gives, ${shape}`, classes.length);
    return {
      format: 1,
      name: text(json.name, "name"),
      title: text(json.title, "title"),
      classes,
      input,
      dtype: json.dtype,
      layers,
      record: record(json.record ?? null, layers.find((layer) => layer.kernel)),
    };
  }

  // How each type of layer is read: its settings, its arrays and the shape of what it gives.
  const READ = {
    rescaling(given, shape, take, name) {
      const channels = shape[shape.length - 1];
      const each = (key) => {
        const values = [given[key]].flat();
        finite(values, `${name}.${key}`);
        check([1, channels].includes(values.length), `${name}.${key}`, `must be 1 or ${channels}`, values.length);
        return Float32Array.from({ length: channels }, (_, c) => values[c % values.length]);
      };
      return { shape, scale: each("scale"), offset: each("offset") };
    },
    batch_normalization(given, shape, take, name) {
      const channels = shape.slice(-1);
      return {
        shape,
        scale: take.floats(channels, `${name}.scale`),
        offset: take.floats(channels, `${name}.offset`),
      };
    },
    conv2d(given, shape, take, name) {
      const kernel = sizes(given.kernel, 4, `${name}.kernel`);
      const way = readWay(given, shape, kernel.slice(0, 2), name);
      check(kernel[2] === shape[2], `${name}.kernel`, `must take ${shape[2]} channels`, kernel[2]);
      return { ...way, shape: [...way.shape, kernel[3]], ...take.weights(kernel, given.bias, name) };
    },
    max_pool2d: readPool,
    avg_pool2d: readPool,
    global_max_pool2d: readGlobalPool,
    global_avg_pool2d: readGlobalPool,
    dense(given, shape, take, name) {
      const kernel = sizes(given.kernel, 2, `${name}.kernel`);
      const inputs = shape[shape.length - 1];
      check(kernel[0] === inputs, `${name}.kernel`, `must take ${inputs} inputs`, kernel[0]);
      return { shape: [...shape.slice(0, -1), kernel[1]], ...take.weights(kernel, given.bias, name) };
    },
    flatten: (given, shape) => ({ shape: [product(shape)] }),
    relu: (given, shape) => ({ shape }),
    tanh: (given, shape) => ({ shape }),
    softmax: (given, shape) => ({ shape }),
  };

  function readPool(given, shape, take, name) {
    const size = sizes(given.size, 2, `${name}.size`);
    const way = readWay(given, shape, size, name);
    return { size, ...way, shape: [...way.shape, shape[2]] };
  }

  function readGlobalPool(given, shape, take, name) {
    const size = shape.slice(0, 2);
    const way = readWay({ padding: "valid" }, shape, size, name);
    return { size, ...way, shape: shape.slice(2) };
  }

  function readWay({ stride = [1, 1], padding, dilation = [1, 1] }, shape, size, name) {
    check(shape.length === 3, name, "must come before the flattening", shape);
    check(["valid", "same"].includes(padding), `${name}.padding`, "is unknown", padding);
    const way = {
      stride: sizes(stride, 2, `${name}.stride`),
      padding,
      dilation: sizes(dilation, 2, `${name}.dilation`),
    };
    const count = places(shape, size, way);
    check(Math.min(...count) > 0, name, `must fit into its input of ${shape}`, size);
    return { ...way, shape: count };
  }

  // A record is what is known of the training; `filters` are the first layer's kernels on the way.
  function record(given, first) {
    if (given === null) return null;
    const { accuracy, loss, seed, epochs_done, epochs, precision, fingerprint } = given;
    finite([accuracy, loss, seed, epochs_done, epochs], "record");
    const { count, confidence, accuracy: share } = given.calibration ?? {};
    for (const list of [count, confidence, share]) {
      finite(list, "record.calibration");
      check(list.length === count.length, "record.calibration", "must be of one length", list.length);
    }
    return {
      ...{ accuracy, loss, seed, epochs_done, epochs },
      precision: text(precision, "record.precision"),
      fingerprint: text(fingerprint, "record.fingerprint"),
      calibration: { count, confidence, accuracy: share },
      filters: given.filters ? readFilters(given.filters, first, epochs_done) : null,
    };
  }

  // The last kernels are the model's own, and so not in the file a second time.
  function readFilters({ epochs, data }, first, epochsDone) {
    finite(epochs, "record.filters.epochs");
    const take = reader(data, "float16");
    const { shape } = first.kernel;
    const kernels = epochs.map((epoch) => take.kernel(shape, `record.filters of epoch ${epoch}`));
    take.end();
    return { epochs: [...epochs, epochsDone], kernels: [...kernels, first.kernel] };
  }

  // Read arrays off a base64 text, one after the other.
  function reader(base64, dtype) {
    check(typeof base64 === "string", "weights", "must be a text", base64);
    let binary;
    try {
      binary = atob(base64);
    } catch {
      throw new Error("`weights` must be base64.");
    }
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
    let place = 0;

    function read(shape, name, width, convert) {
      const end = place + product(shape) * width;
      // Before anything of that size is made.
      check(end <= bytes.length, name, `must be within the ${bytes.length} bytes of weights`, shape);
      const values = convert(bytes.slice(place, end).buffer);
      place = end;
      finite(values, name);
      return values;
    }
    const floats = (shape, name) => read(shape, name, 4, (buffer) => new Float32Array(buffer));
    const halves = (shape, name) => read(shape, name, 2, widened);
    const bias = dtype === "float16" ? halves : floats;

    function kernel(shape, name) {
      if (dtype !== "int8") return { shape, data: bias(shape, name) };
      const scale = floats(shape.slice(-1), `${name}'s scale`);
      const data = read(shape, name, 1, (buffer) => Float32Array.from(new Int8Array(buffer)));
      return { shape, data: data.map((value, i) => value * scale[i % scale.length]) };
    }
    return {
      floats,
      kernel,
      weights: (shape, hasBias, name) => ({
        kernel: kernel(shape, `${name}.kernel`),
        bias: hasBias ? bias(shape.slice(-1), `${name}.bias`) : null,
      }),
      end: () => check(place === bytes.length, "weights", `must be ${place} bytes`, bytes.length),
    };
  }

  // 16-bit floats as 32-bit ones.
  function widened(buffer) {
    const bits = Uint32Array.from(new Uint16Array(buffer), (half) => {
      // Infinite and NaN stay so; for all others, the product below sets the exponent right.
      const special = (half & 0x7c00) === 0x7c00 ? 0x7f800000 : 0;
      return ((half & 0x8000) << 16) | ((half & 0x7fff) << 13) | special;
    });
    return new Float32Array(bits.buffer).map((value) => value * 2 ** 112);
  }

  function sizes(value, length, name) {
    const right = Array.isArray(value) && value.length === length && value.every(isSize);
    check(right, name, `must be ${length} whole numbers from 1`, value);
    return [...value];
  }

  function isSize(value) {
    return Number.isInteger(value) && value >= 1 && value <= LARGEST;
  }

  function text(value, name) {
    const right = typeof value === "string" && value.length <= LONGEST_NAME;
    check(right, name, `must be a text of at most ${LONGEST_NAME} characters`, value);
    return value;
  }

  function finite(values, name) {
    check(Array.isArray(values) || ArrayBuffer.isView(values), name, "must be a list", values);
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    check(wrong < 0, name, "must be finite numbers", values[wrong]);
  }

  function check(right, name, rule, value) {
    if (right) return;
    const shown = typeof value === "number" ? `${value}` : (JSON.stringify(value) ?? "nothing");
    throw new Error(`\`${name}\` ${rule}. Received: ${shown.slice(0, 80)}`);
  }

  // --- Files and workers ------------------------------------------------------------------------

  // By script element, what waits for its file.
  const awaited = new WeakMap();

  // The model in a file, which is fetched as a script: that works from `file://` too.
  async function load(url) {
    return decode(await fetched(url));
  }

  // What `models/index.js` says: [{ name, title, file, bytes, accuracy }, …].
  async function index(url) {
    const { models } = await fetched(url);
    check(Array.isArray(models), "models", "must be a list", models);
    return models;
  }

  function fetched(url) {
    const script = document.createElement("script");
    return new Promise((resolve, reject) => {
      awaited.set(script, resolve);
      script.src = url;
      script.onerror = () => reject(new Error(`${url} could not be loaded.`));
      // Without effect, if the file has called `receive`.
      script.onload = () => reject(new Error(`${url} is not a file of \`cnn-explainer export\`.`));
      document.head.append(script);
    }).finally(() => script.remove());
  }

  // Called by a model's file.
  function receive(json) {
    awaited.get(document.currentScript)?.(json);
  }

  // A thread for `forward`, so that the page does not stutter: { run, replace, close }. A model is
  // sent to it once; whoever changes its weights calls `replace(model)`. Where threads are refused,
  // `run` works in the page.
  function worker() {
    const waiting = new Map();
    const numbers = new WeakMap();
    let [models, runs] = [0, 0];
    let thread = null;
    let address = null;

    function inThePage() {
      thread?.terminate();
      thread = null;
      for (const [run, { model, pixels }] of waiting) answer({ run, model, pixels });
    }

    function answer({ run, error, activations, model, pixels }) {
      const { resolve, reject } = waiting.get(run);
      waiting.delete(run);
      try {
        if (error) throw new Error(error);
        resolve(activations ?? forward(model, pixels));
      } catch (failure) {
        reject(failure);
      }
    }

    try {
      const source = `const cnn = (${library})(); onmessage = ({ data }) => cnn.serve(data);`;
      address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      thread = new Worker(address);
      thread.onmessage = ({ data }) => answer(data);
      thread.onerror = inThePage;
    } catch {
      inThePage();
    }

    function replace(model) {
      if (!numbers.has(model)) numbers.set(model, models++);
      thread?.postMessage({ number: numbers.get(model), model });
    }

    return {
      replace,
      run(model, pixels) {
        return new Promise((resolve, reject) => {
          const run = runs++;
          waiting.set(run, { resolve, reject, model, pixels });
          if (!thread) return answer({ run, model, pixels });
          if (!numbers.has(model)) replace(model);
          thread.postMessage({ number: numbers.get(model), run, pixels });
        });
      },
      close() {
        thread?.terminate();
        URL.revokeObjectURL(address);
        for (const { reject } of waiting.values()) reject(new Error("The worker was closed."));
        waiting.clear();
      },
    };
  }

  // The thread's side: keep a model, or run one.
  const kept = new Map();
  function serve({ number, model, run, pixels }) {
    if (model) return kept.set(number, model);
    try {
      const activations = forward(kept.get(number), pixels);
      // Flattening shares its array with the layer before.
      const buffers = new Set(activations.flatMap(({ data, logits }) => [data, logits ?? data]).map((a) => a.buffer));
      postMessage({ run, activations }, [...buffers]);
    } catch (error) {
      postMessage({ run, error: error.message });
    }
  }

  const layers = { conv2d, max_pool2d, avg_pool2d, dense, rescaling, flatten, relu, tanh, softmax };
  return { ...layers, forward, probabilities, parse, decode, load, index, receive, worker, serve };
})();
