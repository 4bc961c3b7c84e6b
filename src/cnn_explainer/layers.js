// The layers of a convolutional network in plain JavaScript, by the names and rules of layers.py.
// An array is { shape: [height, width, channels], data: Float32Array }, row by row, the channels of
// a pixel side by side; a kernel's shape is [height, width, channels in, channels out].

// Slide kernels over an image; at each place, sum the products and add the bias.
// Stride and dilation are a number or a pair [vertical, horizontal]; padding is "valid", "same",
// a number, such a pair, or [[top, bottom], [left, right]].
function conv2d(image, kernel, bias = null, { stride = 1, padding = "valid", dilation = 1 } = {}) {
  const [height, width, channels] = image.shape;
  const [kernelHeight, kernelWidth, channelsIn, channelsOut] = kernel.shape;
  if (channelsIn !== channels) {
    throw new RangeError(`\`kernel\` must take ${channels} channels. Received: ${channelsIn}`);
  }
  const [down, right] = pair(stride);
  const [dy, dx] = pair(dilation);
  const [above, beside] = pair(padding);
  const [rows, top] = axis(height, kernelHeight, down, above, dy);
  const [columns, left] = axis(width, kernelWidth, right, beside, dx);

  const output = new Float32Array(rows * columns * channelsOut);
  // 64 bits while adding up, so that the order of the terms does not show.
  const sums = new Float64Array(channelsOut);
  let place = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, place += channelsOut) {
      for (let o = 0; o < channelsOut; o++) sums[o] = bias ? bias[o] : 0;
      for (let m = 0; m < kernelHeight; m++) {
        const y = row * down - top + m * dy;
        // Padding adds nothing.
        if (y < 0 || y >= height) continue;
        for (let n = 0; n < kernelWidth; n++) {
          const x = column * right - left + n * dx;
          if (x < 0 || x >= width) continue;
          const pixel = (y * width + x) * channels;
          let weight = (m * kernelWidth + n) * channels * channelsOut;
          for (let c = 0; c < channels; c++) {
            const value = image.data[pixel + c];
            for (let o = 0; o < channelsOut; o++) sums[o] += value * kernel.data[weight++];
          }
        }
      }
      output.set(sums, place);
    }
  }
  return { shape: [rows, columns, channelsOut], data: output };
}

// Replace what is negative by zero.
function relu({ shape, data }) {
  return { shape, data: data.map((value) => Math.max(value, 0)) };
}

// Work out one axis: the number of places, and the padding before.
function axis(length, kernel, stride, padding, dilation) {
  const reach = dilation * (kernel - 1) + 1;
  const [before, after] = ends(length, reach, stride, padding);
  const padded = before + length + after;
  if (reach > padded) {
    throw new RangeError(
      `\`kernel\` must not be larger than the padded image of ${padded}. Received: ${reach}`,
    );
  }
  return [Math.floor((padded - reach) / stride) + 1, before];
}

// Work out the padding before and after, for a kernel that reaches over so many pixels.
function ends(length, reach, stride, padding) {
  if (padding === "valid") return [0, 0];
  if (padding !== "same") return pair(padding);
  const missing = Math.max((Math.ceil(length / stride) - 1) * stride + reach - length, 0);
  return [Math.floor(missing / 2), Math.ceil(missing / 2)];
}

// A single value holds for both axes.
function pair(value) {
  return Array.isArray(value) ? value : [value, value];
}
