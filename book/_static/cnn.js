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
    if (bias) for (let i = 0; i < output.data.length; i += filters) output.data.set(bias, i);
    slide(shape, size, way, (place, pixel, tap) => {
      const from = pixel * channels;
      const row = tap * channels * filters;
      multiply(data, from, channels, kernel.data, row, filters, output.data, place * filters);
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
    for (let i = 0, sum = 0; i < data.length; i += inputs, sum += units) {
      if (bias) output.data.set(bias, sum);
      multiply(data, i, inputs, kernel.data, 0, units, output.data, sum);
    }
    return output;
  }

  // Where all the time goes: a vector times a matrix, `count` values by `count` rows of weights,
  // each with as many weights as there are sums to add to. After a ReLU most values are zero, and
  // each of them saves a row.
  function multiply(values, from, count, weights, weight, width, sums, sum) {
    const whole = width - (width % 4);
    for (let i = from; i < from + count; i++, weight += width) {
      const value = values[i];
      if (value === 0) continue;
      // Four at a time, which halves the time.
      for (let k = 0; k < whole; k += 4) {
        sums[sum + k] += value * weights[weight + k];
        sums[sum + k + 1] += value * weights[weight + k + 1];
        sums[sum + k + 2] += value * weights[weight + k + 2];
        sums[sum + k + 3] += value * weights[weight + k + 3];
      }
      for (let k = whole; k < width; k++) sums[sum + k] += value * weights[weight + k];
    }
  }

  // Multiply each channel by its scale and add its offset: what batch normalisation is in
  // prediction, too.
  function rescaling({ shape, data }, scale, offset) {
    const channels = scale.length;
    const one = (value, i) => value * scale[i % channels] + offset[i % channels];
    return { shape, data: data.map(one) };
  }

  // Write an image as one vector: row by row, pixel by pixel, channel by channel.
  function flatten({ data }) {
    return { shape: [data.length], data };
  }

  // Replace what is negative by zero.
  function relu({ shape, data }) {
    const output = data.slice();
    for (let i = 0; i < output.length; i++) if (output[i] < 0) output[i] = 0;
    return { shape, data: output };
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

  function linear(x) {
    return x;
  }

  const ACTIVATIONS = { linear, relu, tanh, softmax };

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

  // What each type of layer does before its activation function.
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
    relu: linear,
    tanh: linear,
    softmax: linear,
  };

  // Run a picture through a model: [{ name, type, shape, data }, …], one for each of
  // `model.layers`, after its activation function; beside a softmax, its `logits` too.
  // `pixels` are the height × width × channels values of the picture, from 0 to 255.
  function forward(model, pixels) {
    const { input } = model;
    const count = product(input);
    check(pixels.length === count, "pixels", `must be ${count} numbers`, pixels.length);
    let x = { shape: input, data: Float32Array.from(pixels) };
    return model.layers.map((layer) => {
      const { name, type, activation } = layer;
      const before = RUN[type](x, layer);
      x = ACTIVATIONS[activation](before);
      return { name, type, ...x, ...(activation === "softmax" && { logits: before.data }) };
    });
  }

  // The probabilities in what `forward` gave, of a network that ends in logits too.
  function probabilities(activations) {
    const last = activations[activations.length - 1];
    return last.logits ? last.data : softmax(last).data;
  }

  // --- A model from a file ----------------------------------------------------------------------

  // A file is read as if an enemy had written it: nothing in it is run, and nothing is made before
  // its size is known. This many numbers are the most, such as all activations together.
  const LARGEST = 2 ** 25;

  // The model in the text of a file.
  function parse(text) {
    const call = /^\s*cnn\.receive\(/.exec(text.slice(0, 100));
    const json = call ? text.slice(call[0].length, text.lastIndexOf(")")) : text;
    let object;
    try {
      object = JSON.parse(json);
    } catch (error) {
      fail(`This is not a file of \`cnn-explainer export\`: ${error.message}`);
    }
    return decode(object);
  }

  // The model that a file's object describes: each of `layers` has, beside its settings, the
  // `shape` of what it gives and its `kernel` { shape, data }, `bias`, `scale` and `offset`.
  // Throws an Error that names the part, the rule and the value.
  function decode(json) {
    check(json?.format === 1, "format", "must be 1, which this page can read", json?.format);
    const { dtype } = json;
    among(FORMATS, dtype, "dtype");
    const input = sizes(json.input, 3, "input");
    const take = reader(json.weights);
    let shape = input;
    let numbers = 0;
    const layers = list(json.layers, "layers").map((given, i) => {
      try {
        among(READ, given?.type, "type");
        const [type, name] = [given.type, text(given.name, "name")];
        const layer = { name, type, ...READ[type](given, shape, take, dtype) };
        layer.activation = type in ACTIVATIONS ? type : (given.activation ?? "linear");
        among(ACTIVATIONS, layer.activation, "activation");
        shape = layer.shape;
        numbers += product(shape);
        check(numbers <= LARGEST, "shape", `must keep all activations below ${LARGEST}`, shape);
        return layer;
      } catch (error) {
        fail(`Layer ${i + 1}: ${error.message}`);
      }
    });
    take.end();
    const classes = list(json.classes, "classes").map((label) => text(label, "classes"));
    const fits = shape.length === 1 && shape[0] === classes.length;
    check(fits, "classes", `must be as many as the last layer gives, ${shape}`, classes.length);
    const [name, title] = ["name", "title"].map((key) => text(json[key], key));
    const record = json.record && readRecord(json.record, layers.find(({ kernel }) => kernel));
    return { name, title, classes, input, dtype, layers, record: record ?? null };
  }

  // How each type of layer is read: its settings, its arrays and the shape of what it gives.
  const READ = {
    rescaling(given, shape) {
      const channels = shape[shape.length - 1];
      const [scale, offset] = ["scale", "offset"].map((key) => {
        const values = finite([given[key]].flat(), key);
        const right = values.length === 1 || values.length === channels;
        check(right, key, `must be a number or ${channels}`, values);
        return Float32Array.from({ length: channels }, (_, c) => values[c % values.length]);
      });
      return { shape, scale, offset };
    },
    batch_normalization(given, shape, take) {
      const each = (name) => take(shape.slice(-1), "float32", name);
      return { shape, scale: each("scale"), offset: each("offset") };
    },
    conv2d(given, shape, take, dtype) {
      const kernel = sizes(given.kernel, 4, "kernel");
      check(kernel[2] === shape[2], "kernel", `must take ${shape[2]} channels`, kernel);
      const slid = readWay(given, shape, kernel.slice(0, 2));
      return { ...slid, shape: [...slid.shape, kernel[3]], ...readWeights(given, take, dtype) };
    },
    max_pool2d: readPool,
    avg_pool2d: readPool,
    global_max_pool2d: readGlobalPool,
    global_avg_pool2d: readGlobalPool,
    dense(given, shape, take, dtype) {
      const [inputs, units] = sizes(given.kernel, 2, "kernel");
      const last = shape[shape.length - 1];
      check(inputs === last, "kernel", `must take ${last} inputs`, given.kernel);
      return { shape: [...shape.slice(0, -1), units], ...readWeights(given, take, dtype) };
    },
    flatten: (given, shape) => ({ shape: [product(shape)] }),
    relu: asBefore,
    tanh: asBefore,
    softmax: asBefore,
  };

  function asBefore(given, shape) {
    return { shape };
  }

  function readPool(given, shape) {
    const size = sizes(given.size, 2, "size");
    const slid = readWay(given, shape, size);
    return { size, ...slid, shape: [...slid.shape, shape[2]] };
  }

  function readGlobalPool(given, shape) {
    const whole = readPool({ size: shape.slice(0, 2), padding: "valid" }, shape);
    return { ...whole, shape: shape.slice(2) };
  }

  function readWay({ stride = [1, 1], padding, dilation = [1, 1] }, shape, size) {
    check(shape.length === 3, "input", "must be height, width and channels", shape);
    check(["valid", "same"].includes(padding), "padding", "must be valid or same", padding);
    sizes(stride, 2, "stride");
    sizes(dilation, 2, "dilation");
    const way = { stride, padding, dilation };
    const count = places(shape, size, way);
    check(Math.min(...count) > 0, "size", `must not be larger than the image of ${shape}`, size);
    check(product([...count, ...size]) <= LARGEST, "size", "must cost less work", size);
    return { ...way, shape: count };
  }

  function readWeights({ kernel: shape, bias }, take, dtype) {
    const fine = dtype === "int8" ? "float32" : dtype;
    const channels = shape.slice(-1);
    const scale = dtype === "int8" && take(channels, fine, "kernel");
    const data = take(shape, dtype, "kernel");
    if (scale) for (let i = 0; i < data.length; i++) data[i] *= scale[i % scale.length];
    return { kernel: { shape, data }, bias: bias ? take(channels, fine, "bias") : null };
  }

  // What is known of the training. The first layer's last kernels are the model's own, and so not
  // in the file a second time.
  function readRecord({ precision, fingerprint, calibration, filters, ...numbers }, first) {
    finite(Object.values(numbers), "record");
    [precision, fingerprint].forEach((each) => text(each, "record"));
    for (const key of ["count", "confidence", "accuracy"]) {
      const { length } = finite(calibration?.[key], key);
      check(length === calibration.count.length, key, "must be as many as `count`", length);
    }
    check(first, "record", "must be that of a network with weights", null);
    const { shape } = first.kernel;
    const take = reader(filters?.data);
    const epochs = finite(filters.epochs, "epochs");
    const kernels = epochs.map(() => ({ shape, data: take(shape, "float16", "filters") }));
    take.end();
    epochs.push(numbers.epochs_done);
    // A copy, as a reader may change the model's.
    kernels.push({ shape, data: first.kernel.data.slice() });
    return { ...numbers, precision, fingerprint, calibration, filters: { epochs, kernels } };
  }

  // Bytes of a number, and how to read it.
  const FORMATS = {
    float32: [4, (buffer) => new Float32Array(buffer)],
    float16: [2, (buffer) => widened(new Uint16Array(buffer))],
    int8: [1, (buffer) => Float32Array.from(new Int8Array(buffer))],
  };

  // The values of 16-bit floats, by their bits.
  function widened(halves) {
    const bits = new Uint32Array(halves.length);
    const values = new Float32Array(bits.buffer);
    for (let i = 0; i < halves.length; i++) {
      bits[i] = ((halves[i] & 0x8000) << 16) | ((halves[i] & 0x7fff) << 13);
      // The exponents of the two formats count from 15 and from 127; the largest stands for NaN.
      values[i] *= (halves[i] & 0x7c00) === 0x7c00 ? NaN : 2 ** (127 - 15);
    }
    return values;
  }

  // Read arrays off a base64 text, one after the other.
  function reader(base64) {
    let binary;
    try {
      binary = atob(text(base64, "weights", Infinity));
    } catch {
      fail("`weights` must be base64.");
    }
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
    let place = 0;
    function take(shape, format, name) {
      const [width, read] = FORMATS[format];
      const end = place + width * product(shape);
      check(end <= bytes.length, name, `must be within the ${bytes.length} bytes there are`, shape);
      const values = read(bytes.slice(place, end).buffer);
      place = end;
      return finite(values, name);
    }
    take.end = () => {
      check(place === bytes.length, "weights", `must be ${place} bytes`, bytes.length);
    };
    return take;
  }

  function sizes(value, length, name) {
    const whole = list(value, name).every((n) => Number.isInteger(n) && n >= 1 && n <= LARGEST);
    check(whole && value.length === length, name, `must be ${length} whole numbers`, value);
    return value;
  }

  function text(value, name, longest = 200) {
    const right = typeof value === "string" && value.length <= longest;
    check(right, name, `must be a text of at most ${longest} characters`, value);
    return value;
  }

  function list(value, name) {
    check(Array.isArray(value) && value.length, name, "must be a list", value);
    return value;
  }

  function finite(values, name) {
    check(Array.isArray(values) || ArrayBuffer.isView(values), name, "must be numbers", values);
    for (const value of values) {
      if (!Number.isFinite(value)) check(false, name, "must be finite numbers", value);
    }
    return values;
  }

  function among(table, key, name) {
    const right = typeof key === "string" && Object.hasOwn(table, key);
    check(right, name, `must be one of ${Object.keys(table).join(", ")}`, key);
  }

  function check(right, name, rule, value) {
    if (right) return;
    const shown = typeof value === "number" ? `${value}` : (JSON.stringify(value) ?? "nothing");
    fail(`\`${name}\` ${rule}. Received: ${shown.slice(0, 80)}`);
  }

  function fail(message) {
    throw new Error(message);
  }

  // --- Files and threads ------------------------------------------------------------------------

  // By script element, what waits for the file.
  const awaited = new WeakMap();

  // The model in a file, which is fetched as a script, so that it works from `file://` too.
  async function load(url) {
    return decode(await fetched(url));
  }

  // What `models/index.js` lists: [{ name, title, file, bytes, version, accuracy }, …].
  async function index(url) {
    return list((await fetched(url)).models, "models");
  }

  function fetched(url) {
    const script = document.createElement("script");
    return new Promise((resolve, reject) => {
      awaited.set(script, resolve);
      script.onerror = () => reject(new Error(`${url} could not be loaded.`));
      // Without effect, if the file has called `receive`.
      script.onload = () => reject(new Error(`${url} is not a file of \`cnn-explainer export\`.`));
      script.src = url;
      document.head.append(script);
    }).finally(() => script.remove());
  }

  // Called by a file.
  function receive(json) {
    awaited.get(document.currentScript)?.(json);
  }

  // `forward` in a thread, so that the page does not stutter: { run, replace, close }. A model is
  // sent there when it is first run; whoever then changes its weights calls `replace(model)`.
  // Where the browser refuses the thread, `run` works in the page.
  function worker() {
    const waiting = new Map();
    let [runs, sent, thread] = [0, null, null];
    const source = `onmessage = (${library})().serve;`;
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    try {
      thread = new Worker(address);
      thread.onerror = runHere;
      thread.onmessage = ({ data: { number, activations, message } }) =>
        settle(number, () => activations ?? fail(message));
    } catch {
      // `run` sees that there is no thread.
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
        settle(number, () => forward(model, pixels));
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

    function close() {
      thread?.terminate();
      thread = null;
      URL.revokeObjectURL(address);
      for (const number of waiting.keys()) settle(number, () => fail("The worker was closed."));
    }

    return { run, replace, close };
  }

  // The thread's side: keep a model, or run it.
  let kept;
  function serve({ data: { model, number, pixels } }) {
    if (model) return (kept = model);
    try {
      const activations = forward(kept, pixels);
      // Handed over, not copied; flattening shares its numbers with the layer before.
      const arrays = activations.flatMap(({ data, logits }) => (logits ? [data, logits] : [data]));
      postMessage({ number, activations }, [...new Set(arrays.map(({ buffer }) => buffer))]);
    } catch ({ message }) {
      postMessage({ number, message });
    }
  }

  return {
    ...{ conv2d, max_pool2d, avg_pool2d, dense, rescaling, flatten, relu, tanh, softmax },
    ...{ forward, probabilities, parse, decode, load, index, receive, worker, serve },
  };
})();
