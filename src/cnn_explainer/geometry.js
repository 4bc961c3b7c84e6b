// Computes and draws the geometry benches of a page. The script comes with every figure, layers.js
// before it, as a notebook may show each output in a frame of its own; it starts only those that
// do not run yet.
const CELL = 20;

function start(figure) {
  figure.classList.add("live");
  const part = (name) => figure.querySelector(name);
  const { place, ...sizes } = Object.fromEntries(
    [...figure.querySelectorAll("input")].map((slider) => [slider.name, slider]),
  );
  const [inputBoard, outputBoard] = figure.querySelectorAll("svg");
  let way, row = 0, column = 0;

  for (const slider of Object.values(sizes)) slider.addEventListener("input", measure);
  place.addEventListener("input", () => {
    const at = place.value - 1;
    go(Math.floor(at / way.output), at % way.output);
  });
  outputBoard.addEventListener("click", (event) => {
    const { left, top, width } = outputBoard.getBoundingClientRect();
    const cell = width / way.output;
    go(Math.floor((event.clientY - top) / cell), Math.floor((event.clientX - left) / cell));
  });
  part("button").addEventListener("click", copy);
  figure.addEventListener("keydown", onKey);
  measure();

  function measure() {
    const values = Object.entries(sizes).map(([name, slider]) => [name, Number(slider.value)]);
    const settings = Object.fromEntries(values);
    settings.same = sizes.padding.value === sizes.padding.max;
    for (const [name, slider] of Object.entries(sizes)) {
      tell(slider, name === "padding" && settings.same ? "same" : slider.value);
    }
    way = geometry(settings);
    part(".size-words").textContent = sizeWords(way);
    part(".formula").textContent = formula(way);
    part(".receptive").textContent = receptiveField(way);
    part("code").textContent = keras(way);
    part(".input-title").textContent = way.before + way.after
      ? `Input ${square(way.input)}, padded to ${square(way.padded)}`
      : `Input ${square(way.input)}`;
    part(".output-title").textContent = way.output ? `Output ${square(way.output)}` : "No output";
    part("button").disabled = !way.output;
    place.disabled = !way.output;
    place.max = Math.max(way.output ** 2, 1);
    go(row, column);
  }

  function go(toRow, toColumn) {
    const last = Math.max(way.output - 1, 0);
    [row, column] = [toRow, toColumn].map((to) => Math.min(Math.max(to, 0), last));
    place.value = row * way.output + column + 1;
    tell(place, way.output ? `${row + 1}, ${column + 1}` : "none", "row and column ");
    part(".place-words").textContent = placeWords(way, row, column);
    drawInput(inputBoard, way, row, column);
    drawOutput(outputBoard, way, row, column);
  }

  function copy() {
    // The selection is for pages that may not use the clipboard.
    getSelection().selectAllChildren(part("code"));
    navigator.clipboard?.writeText(part("code").textContent).catch(() => {});
  }

  function onKey(event) {
    // A slider keeps its own keys.
    if (event.target !== figure || event.altKey || event.ctrlKey || event.metaKey) return;
    const action = {
      ArrowRight: () => go(row, column + 1),
      ArrowLeft: () => go(row, column - 1),
      ArrowDown: () => go(row + 1, column),
      ArrowUp: () => go(row - 1, column),
      Home: () => go(0, 0),
      End: () => go(way.output - 1, way.output - 1),
    }[event.key];
    if (!action) return;
    event.preventDefault();
    // JupyterLab has arrow keys of its own.
    event.stopPropagation();
    action();
  }
}

// Along one axis; the other is the same.
function geometry(settings) {
  const { input, kernel, stride, same, dilation } = settings;
  const reach = dilation * (kernel - 1) + 1;
  const [before, after] = ends(input, reach, stride, same ? "same" : settings.padding);
  const padded = before + input + after;
  const places = Math.floor((padded - reach) / stride) + 1;
  const output = Math.max(places, 0);
  // The padded input's columns, from 0: those under the kernel at one place, and the rest.
  const reads = (place) => count(kernel).map((tap) => place * stride + tap * dilation);
  const read = new Set(count(output).flatMap(reads));
  const end = output && (output - 1) * stride + reach;
  const unread = output ? count(padded).filter((x) => !read.has(x)) : [];
  return {
    ...settings, reach, before, after, padded, places, output, reads, unread,
    dropped: unread.filter((x) => x >= end),
    skipped: unread.filter((x) => x < end),
  };
}

function sizeWords(way) {
  if (!way.output) {
    return `No output: the kernel reaches over ${pixels(way.reach)}, but the padded input has ` +
      `only ${way.padded}. ${way.reach - way.padded} more would be needed along each axis.`;
  }
  let words = `The output is ${square(way.output)}.`;
  if (way.dropped.length) {
    words += " The stride does not fit: after the last window, no other has room. Dropped: " +
      `${names(way, way.dropped, "column")} at the right, ` +
      `${names(way, way.dropped, "row")} at the bottom.`;
  } else if (way.stride > 1) {
    words += " The stride fits: the last window ends at the edge.";
  }
  if (way.skipped.length) {
    words += ` Skipped between the pixels that are read: ${names(way, way.skipped, "column")} and ` +
      `${names(way, way.skipped, "row")}.`;
  }
  return words;
}

function placeWords(way, row, column) {
  if (!way.output) return "The kernel has no place.";
  return `Row ${row + 1}, column ${column + 1} of the output: the kernel reads ` +
    `${names(way, way.reads(row), "row")} and ${names(way, way.reads(column), "column")}.`;
}

// Rows or columns as a reader counts them in the input, from 1; those outside are padding.
function names(way, lines, word) {
  const inside = lines.map((x) => x - way.before + 1).filter((x) => x > 0 && x <= way.input);
  const outside = lines.length - inside.length;
  const several = (number) => (number > 1 ? `${word}s` : word);
  if (!inside.length) return `${outside} ${several(outside)} of padding`;
  const padding = outside ? ` (and ${outside} of padding)` : "";
  return `${several(inside.length)} ${inside.join(", ")}${padding}`;
}

function formula({ input: i, kernel: k, stride: s, padding: p, dilation: d, ...way }) {
  if (way.same) {
    return `o = ⌈i / s⌉ = ⌈${i} / ${s}⌉ = ${way.output}, with a padding of ${way.before} before ` +
      `and ${way.after} after`;
  }
  const value = String(way.places).replace("-", "−");
  return `o = ⌊(i + 2p − d(k − 1) − 1) / s⌋ + 1 = ` +
    `⌊(${i} + 2·${p} − ${d}·(${k} − 1) − 1) / ${s}⌋ + 1 = ${value}` +
    (way.output ? "" : ", which is less than 1");
}

function receptiveField(way) {
  const { kernel: k, stride: s, dilation: d } = way;
  const field = 1 + d * (k - 1) + s * d * (k - 1);
  const room = way.output && geometry({ ...way, input: way.output }).output;
  return `r = 1 + d(k − 1) + s·d(k − 1) = ` +
    `1 + ${d}·(${k} − 1) + ${s}·${d}·(${k} − 1) = ${field}: ` +
    (room ? `a number of the second output reaches over ${square(field)} pixels`
      : `but the first output, ${square(way.output)}, has no room for the second layer`);
}

function keras({ kernel, stride, padding, same, dilation, ...way }) {
  if (!way.output) return "no layer: there is no output";
  // Keras has no layer with both: all places are computed, and some of them taken.
  const both = stride > 1 && dilation > 1;
  const settings = [`1, ${kernel}`];
  if (stride > 1 && !both) settings.push(`strides=${stride}`);
  if (dilation > 1) settings.push(`dilation_rate=${dilation}`);
  if (same && !both) settings.push('padding="same"');
  const layers = [`keras.layers.Conv2D(${settings.join(", ")})`];
  const ends = `(${way.before}, ${way.after})`;
  if (same && both) layers.unshift(`keras.layers.ZeroPadding2D((${ends}, ${ends}))`);
  if (!same && padding) layers.unshift(`keras.layers.ZeroPadding2D(${padding})`);
  if (both) layers.push(`keras.layers.MaxPooling2D(1, strides=${stride})`);
  return layers.length > 1 ? `keras.Sequential([${layers.join(", ")}])` : layers[0];
}

function drawInput(board, way, row, column) {
  const start = way.before * CELL, size = way.input * CELL;
  const crosses = count(way.padded).flatMap((y) => count(way.padded).map((x) => [x, y]))
    .filter(([x, y]) => way.unread.includes(x) || way.unread.includes(y))
    .map(([x, y]) => `M${x * CELL + 4} ${y * CELL + 4}l12 12m0 -12l-12 12`);
  const window = way.reads(row).flatMap((y) => way.reads(column).map((x) => cell(x, y)));
  // A kernel that does not fit sticks out.
  draw(board, Math.max(way.padded, way.reach),
    `<rect class="image" x="${start}" y="${start}" width="${size}" height="${size}"/>` +
    `<path class="lines padded" d="${grid(way.padded)}"/>` +
    `<path class="lines" transform="translate(${start},${start})" d="${grid(way.input)}"/>` +
    `<path class="unread" d="${crosses.join("")}"/><g class="window">${window.join("")}</g>`);
}

function drawOutput(board, way, row, column) {
  draw(board, way.output, way.output
    ? `${cell(column, row, "place")}<path class="lines" d="${grid(way.output)}"/>` : "");
}

function draw(board, cells, content) {
  const side = cells * CELL + 2;
  board.setAttribute("viewBox", `-1 -1 ${side} ${side}`);
  board.setAttribute("width", side);
  board.setAttribute("height", side);
  board.innerHTML = content;
}

function cell(x, y, name = "") {
  return `<rect class="${name}" x="${x * CELL}" y="${y * CELL}" width="${CELL}" height="${CELL}"/>`;
}

function grid(cells) {
  const ends = count(cells + 1).map((line) => line * CELL), side = cells * CELL;
  return ends.map((at) => `M0 ${at}h${side}M${at} 0v${side}`).join("");
}

function tell(slider, value, spoken = "") {
  slider.setAttribute("aria-valuetext", spoken + value);
  slider.closest(".slider").querySelector("b").textContent = value;
}

const count = (length) => [...Array(length).keys()];
const square = (side) => `${side} × ${side}`;
const pixels = (number) => `${number} pixel${number > 1 ? "s" : ""}`;

for (const figure of document.querySelectorAll(".cnn-geometry:not(.live)")) start(figure);
