// What made one number of a layer's output. A place in an array is `at`, [y, x, channel] or [unit],
// or its index in the array's data.
playground.arithmetic = (() => {
  "use strict";
  const { plane } = playground;

  // The `terms` that met, in the order of the weights, and those `inside` the image; their `sum`,
  // the `bias`, the `score` before the activation function and the `value` after it; of a
  // convolution, the sum of each channel in `sums`, and which `channel` has the largest.
  function explain(layer, input, output, at) {
    const [place, unit, units] = [index(output.shape, at), at.at(-1), output.shape.at(-1)];
    const terms = seen(layer, input.shape, at).map((from, k) => {
      const [x, weight] = [input.data[from] ?? 0, k * units + unit];
      const w = layer.kernel ? layer.kernel.data[weight] : 1;
      return { k, from, x, weight, w, product: x * w };
    });
    const inside = terms.filter(({ from }) => from >= 0);
    const sum = terms.reduce((total, { product }) => total + product, 0);
    const bias = layer.bias?.[unit] ?? 0;
    const sums = new Array(input.shape.at(-1)).fill(0);
    for (const { k, product } of terms) sums[k % sums.length] += product;
    const channel = sums.reduce((most, x, c) => (Math.abs(x) > Math.abs(sums[most]) ? c : most), 0);
    const told = { place, unit, terms, inside, sum, sums, channel, bias };
    return { ...told, score: sum + bias, value: output.data[place] };
  }

  // The indices in the input that a place of the output looks at; −1 in the padding.
  function seen(layer, shape, at) {
    const { kernel, type } = layer;
    const size = layer.size ?? (kernel?.shape.length === 4 && kernel.shape);
    if (size) {
      // Global pooling has one place: all of the map.
      const [rows, columns] = cnn.axes(shape, size, layer).map(([, padding], i) => {
        const first = (at.length < 3 ? 0 : at[i]) * layer.stride[i] - padding;
        const places = range(size[i]).map((m) => first + m * layer.dilation[i]);
        return places.map((place) => (place < shape[i] ? place : -1));
      });
      const channels = kernel ? range(shape[2]) : [at.at(-1)];
      const pixels = rows.flatMap((y) =>
        columns.map((x) => (y < 0 || x < 0 ? -1 : y * shape[1] + x)),
      );
      return pixels.flatMap((pixel) =>
        channels.map((c) => (pixel < 0 ? -1 : pixel * shape[2] + c)),
      );
    }
    const place = index(layer.shape, at);
    if (!kernel && type !== "softmax") return [place];
    const first = Math.floor(place / layer.shape.at(-1)) * shape.at(-1);
    return range(shape.at(-1)).map((k) => first + k);
  }

  // What each channel alone makes of the image; with the bias, they add up to the filter's scores.
  function planes({ kernel, ...way }, { shape: [height, width, channels], data }, filter) {
    const [rows, columns, , filters] = kernel.shape;
    const weights = plane(kernel.data, filters, filter);
    return range(channels).map((c) => {
      const image = { shape: [height, width, 1], data: plane(data, channels, c) };
      return cnn.conv2d(
        image,
        { shape: [rows, columns, 1, 1], data: plane(weights, channels, c) },
        null,
        way,
      ).data;
    });
  }

  function index(shape, at) {
    return at.reduce((place, x, axis) => place * shape[axis] + x, 0);
  }

  function unravel(shape, place) {
    const at = [];
    for (const length of [...shape].reverse()) {
      at.unshift(place % length);
      place = Math.floor(place / length);
    }
    return at;
  }

  function range(length) {
    return Array.from({ length }, (_, i) => i);
  }

  return { explain, planes, unravel };
})();
