// The forward pass of the book's networks in plain JavaScript, with no other script and no build.
//
//   const activations = cnn.forward(model, pixels);    what each layer makes of a picture
//   cnn.probabilities(activations);                    what the last one says
//
// An array is { shape, data: Float32Array }: row by row, the channels of a pixel side by side.
// A kernel's shape is [height, width, channels in, channels out]. The layers go by the names and
// rules of layers.py. A model comes from a file, by way of playground/reader.js; the same beside
// the page, in a thread, is in playground/thread.js.
globalThis.cnn ??= (function library() {
  "use strict";

  // --- The layers -------------------------------------------------------------------------------

  // Slide kernels over an image; at each place, sum the products and add the bias.
  function conv2d({ shape, data }, kernel, bias, way) {
    const [size, [channels, filters]] = [kernel.shape.slice(0, 2), kernel.shape.slice(2)];
    const output = zeros([...places(shape, size, way), filters]);
    if (bias) for (let i = 0; i < output.data.length; i += filters) output.data.set(bias, i);
    slide(shape, size, way, (place, pixel, tap, pixels) => {
      const from = pixel * channels;
      const row = tap * channels * filters;
      const sum = place * filters;
      multiply(data, from, pixels * channels, kernel.data, row, filters, output.data, sum);
    });
    return output;
  }

  // Keep the largest value of each window, channel by channel; padding never wins.
  function max_pool2d({ shape, data }, size, way) {
    const channels = shape[2];
    const output = zeros([...places(shape, size, way), channels]);
    const largest = output.data.fill(-Infinity);
    slide(shape, size, way, (place, pixel, tap, pixels) => {
      for (let i = 0; i < pixels * channels; i++) {
        const value = data[pixel * channels + i];
        const at = place * channels + (i % channels);
        if (value > largest[at]) largest[at] = value;
      }
    });
    return output;
  }

  // Average each window, channel by channel; padding does not count.
  function avg_pool2d({ shape, data }, size, way) {
    const channels = shape[2];
    const output = zeros([...places(shape, size, way), channels]);
    const [sums, counts] = [output.data, new Uint32Array(output.data.length / channels)];
    slide(shape, size, way, (place, pixel, tap, pixels) => {
      counts[place] += pixels;
      for (let i = 0; i < pixels * channels; i++) {
        sums[place * channels + (i % channels)] += data[pixel * channels + i];
      }
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
    if (count > kept.length) [kept, rows] = [new Float64Array(count), new Int32Array(count)];
    let live = 0;
    for (let i = 0; i < count; i++) {
      if (values[from + i] === 0) continue;
      kept[live] = values[from + i];
      rows[live++] = weight + i * width;
    }
    // Two sums at a time, neither of which is written to memory before it is whole.
    let k = 0;
    for (; k + 2 <= width; k += 2) {
      let a = sums[sum + k];
      let b = sums[sum + k + 1];
      for (let i = 0; i < live; i++) {
        const row = rows[i] + k;
        a += kept[i] * weights[row];
        b += kept[i] * weights[row + 1];
      }
      sums[sum + k] = a;
      sums[sum + k + 1] = b;
    }
    if (k < width) for (let i = 0; i < live; i++) sums[sum + k] += kept[i] * weights[rows[i] + k];
  }

  // What `multiply` keeps of a vector: its values other than zero, and where their rows begin.
  let [kept, rows] = [new Float64Array(0), new Int32Array(0)];

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

  // A layer that makes each number into another one.
  const each = (bend) => ({ shape, data }) => ({ shape, data: data.map((x) => bend(x)) });
  // Replace what is negative by zero; or squeeze every value between -1 and 1; or bend it smoothly.
  const relu = each((x) => (x < 0 ? 0 : x));
  const tanh = each(Math.tanh);
  const elu = each((x) => (x > 0 ? x : Math.expm1(x)));
  const silu = each((x) => x / (1 + Math.exp(-x)));
  const gelu = each((x) => (x * (1 + erf(x / Math.SQRT2))) / 2);

  // To 1.5e-7. Source: Abramowitz & Stegun (1964), equation 7.1.26.
  function erf(x) {
    const t = 1 / (1 + 0.3275911 * Math.abs(x));
    const sum = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
    const rest = sum.reduce((value, a) => value * t + a, 0) * t * Math.exp(-x * x);
    return Math.sign(x) * (1 - rest);
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

  const ACTIVATIONS = { linear, relu, tanh, elu, silu, gelu, softmax };

  // Take a window along its way: at each place, call `visit` for each run of pixels side by side
  // that it covers, with the number of the place, of the first pixel in the image and of the first
  // in the window, and how many they are.
  function slide([height, width], [rows, columns], way, visit) {
    const [down, right] = way.stride;
    const [dy, dx] = way.dilation;
    const run = dx === 1 ? columns : 1;
    const [[lines, top], [posts, left]] = axes([height, width], [rows, columns], way);
    for (let line = 0, place = 0; line < lines; line++) {
      for (let post = 0; post < posts; post++, place++) {
        for (let m = 0; m < rows; m++) {
          const y = line * down - top + m * dy;
          if (y < 0 || y >= height) continue;
          for (let n = 0; n < columns; n += run) {
            const x = post * right - left + n * dx;
            const cut = Math.max(-x, 0);
            const pixels = Math.min(run, width - x) - cut;
            if (pixels < 1) continue;
            visit(place, y * width + x + cut, m * columns + n + cut, pixels);
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

  // What each type of layer does before its activation function, which may be all that it is.
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
      const before = (RUN[type] ?? linear)(x, layer);
      x = ACTIVATIONS[activation](before);
      return { name, type, ...x, ...(activation === "softmax" && { logits: before.data }) };
    });
  }

  // The probabilities in what `forward` gave, of a network that ends in logits too.
  function probabilities(activations) {
    const last = activations[activations.length - 1];
    return last.logits ? last.data : softmax(last).data;
  }

  function check(right, name, rule, value) {
    if (right) return;
    const shown = typeof value === "number" ? `${value}` : (JSON.stringify(value) ?? "nothing");
    throw new Error(`\`${name}\` ${rule}. Received: ${shown.slice(0, 80)}`);
  }

  return {
    ...{ conv2d, max_pool2d, avg_pool2d, dense, rescaling, flatten, relu, tanh, softmax },
    // For those who read models, for the thread, and for who asks what a window sees.
    ...{ forward, probabilities, ACTIVATIONS, axes, places, product, check, library },
  };
})();
