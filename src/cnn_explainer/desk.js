// Makes the kernel desks of a page work. Python wrote each with the picture and its first map; the
// script reads the pixels off the picture, puts a live map in the place of the drawn one and adds
// the controls. The arithmetic is that of layers.js, which comes before it in the same function.
const CHANNELS = ["red", "green", "blue", "sum"];
const SUM = 3;
const LARGEST_WEIGHT = 999;

for (const figure of document.querySelectorAll(".cnn-desk:not(.live)")) start(figure);

async function start(figure) {
  figure.classList.add("live");
  const part = (name) => figure.querySelector(name);
  const { presets, kernel: first, colours } = JSON.parse(part("script").textContent);
  const image = await decoded(part(".picture img"));
  const palette = spectrum(colours);

  let kernel = square(first);
  let channel = SUM;
  let maps;
  // The pixel of the picture under the middle of the kernel.
  let middle = image.shape.slice(0, 2).map((length) => length >> 1);

  const preset = select([...Object.keys(presets), "Your own"]);
  const size = select(["3 × 3", "5 × 5"]);
  const cells = make("div", { className: "cells" });
  cells.setAttribute("role", "group");
  const weights = make("form");
  weights.append(labelled("Kernel ", preset), labelled("Size ", size), cells);

  const views = make("fieldset");
  views.append(make("legend", { textContent: "Show map and weights of" }));
  const thumbnails = CHANNELS.map((name, i) => {
    const radio = make("input", { type: "radio", name: "channel", checked: i === channel });
    radio.addEventListener("change", () => {
      channel = i;
      fill();
      show();
    });
    const thumbnail = make("canvas");
    views.append(labelled(thumbnail, radio, ` ${name}`));
    return thumbnail;
  });
  const bend = make("input", { type: "checkbox" });
  // Radio buttons of one form are apart from those of another desk.
  const look = make("form");
  look.append(views, labelled(bend, " ReLU on the sum"));

  const map = make("canvas", { tabIndex: 0 });
  // A screen reader leaves the arrow keys to an application alone.
  map.setAttribute("role", "application");
  part(".map img").replaceWith(map);
  const [seen, chosen] = [".picture", ".map"].map((name) => {
    const mark = make("div", { className: "pin" });
    part(name).append(mark);
    return mark;
  });
  const boards = figure.querySelectorAll(".board");
  boards[0].append(weights);
  boards[1].append(look);
  const textContent =
    "Choose a pixel with a click, or with the arrow keys in the map (with Shift, ten pixels at a " +
    "time). The frame in the picture is what the kernel sees there.";
  part(".sentence").after(make("p", { className: "hint", textContent }));

  for (const form of [weights, look]) {
    form.addEventListener("submit", (event) => event.preventDefault());
  }
  preset.addEventListener("change", () => take(presets[preset.value] ?? kernel.data));
  size.addEventListener("change", () => take(resized(kernel, parseInt(size.value))));
  bend.addEventListener("change", show);
  cells.addEventListener("input", edit);
  // Only now, as half a number, such as a minus, must not be taken away.
  cells.addEventListener("change", ({ target }) => {
    target.value = kernel.data[places(at(target))[0]];
  });
  map.addEventListener("keydown", onKey);
  map.addEventListener("click", (event) => go(pointed(event, maps.shape, half())));
  part(".picture").addEventListener("click", (event) => go(pointed(event, image.shape)));
  take(first);
  part(".sentence").setAttribute("role", "status");

  function take(data) {
    kernel = square(data);
    fill();
    compute();
  }

  function half() {
    return kernel.shape[0] >> 1;
  }

  // Write the weights into cells; in the view of the sum, one cell stands for all three channels.
  function fill() {
    const side = kernel.shape[0];
    size.selectedIndex = side === 3 ? 0 : 1;
    cells.style.setProperty("--side", side);
    cells.setAttribute("aria-label", `Weights, ${channel === SUM ? "all" : CHANNELS[channel]}`);
    cells.replaceChildren(
      ...Array.from({ length: side * side }, (_, i) => {
        const [weight, ...others] = places(i).map((place) => kernel.data[place]);
        const input = make("input", { type: "number", step: "any", placeholder: "mixed" });
        if (others.every((other) => other === weight)) input.value = rounded(weight);
        const [row, column] = [Math.floor(i / side) + 1, (i % side) + 1];
        input.setAttribute("aria-label", `Weight in row ${row}, column ${column}`);
        const cell = make("div");
        cell.append(input, make("span"));
        return cell;
      }),
    );
  }

  function places(i) {
    return channel === SUM ? [3 * i, 3 * i + 1, 3 * i + 2] : [3 * i + channel];
  }

  function edit({ target }) {
    const weight = within(target.valueAsNumber || 0, -LARGEST_WEIGHT, LARGEST_WEIGHT);
    for (const place of places(at(target))) kernel.data[place] = rounded(weight);
    compute();
  }

  function at(input) {
    return [...cells.children].indexOf(input.parentElement);
  }

  function compute() {
    const same = (data) => data.join() === kernel.data.join();
    preset.value = Object.keys(presets).find((name) => same(presets[name])) ?? "Your own";
    maps = conv2d(image, spread(kernel));
    go(middle);
  }

  function go(to) {
    middle = to.map((x, axis) => within(x, half(), image.shape[axis] - 1 - half()));
    show();
  }

  function show() {
    const name = CHANNELS[channel];
    const planes = CHANNELS.map((_, i) => plane(maps, i));
    if (bend.checked) planes[SUM] = relu(planes[SUM]);
    // One scale for all, so that the parts can be compared with the sum, and with and without ReLU.
    const limit = maps.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    planes.forEach((each, i) => paint(thumbnails[i], each, limit, palette));
    paint(map, planes[channel], limit, palette);
    map.setAttribute("aria-label", `Feature map, ${name}: the arrow keys choose a pixel`);
    part(".shown").textContent = name;
    part(".low").textContent = number(-limit);
    part(".high").textContent = number(limit);

    const [row, column] = middle.map((x) => x - half());
    const side = kernel.shape[0];
    lay(seen, row, column, side, image.shape);
    lay(chosen, row, column, 1, maps.shape);
    const pixels = under(image, row, column, side);
    [...cells.children].forEach((cell, i) => {
      cell.lastChild.textContent = channel === SUM ? "" : `× ${pixels[3 * i + channel]}`;
    });

    const at = row * maps.shape[1] + column;
    const parts = CHANNELS.map((_, i) => number(maps.data[4 * at + i]));
    const terms =
      channel === SUM
        ? parts.slice(0, SUM).map((value, i) => `${CHANNELS[i]} ${factor(value)}`)
        : products(pixels, kernel.data, channel);
    const bent = channel === SUM && bend.checked;
    part(".sentence").textContent =
      `Row ${row + 1}, column ${column + 1}, ${name}: ${shortened(terms).join(" + ")} = ` +
      parts[channel] +
      (bent ? `, after the ReLU ${number(planes[SUM].data[at])}` : "");
  }

  function onKey(event) {
    const step = event.shiftKey ? 10 : 1;
    const [down, right] =
      {
        ArrowUp: [-step, 0],
        ArrowDown: [step, 0],
        ArrowLeft: [0, -step],
        ArrowRight: [0, step],
      }[event.key] ?? [];
    if (down === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    go([middle[0] + down, middle[1] + right]);
  }
}

// --- arithmetic ---------------------------------------------------------------------------------

// A kernel of three slices from its weights.
function square(weights) {
  const side = Math.sqrt(weights.length / 3);
  return { shape: [side, side, 3], data: [...weights] };
}

// Three filters that see one channel each, and one that sees all: their maps are the parts and
// the sum.
function spread({ shape, data }) {
  const filters = new Float32Array(4 * data.length);
  data.forEach((weight, i) => {
    filters[4 * i + (i % 3)] = weight;
    filters[4 * i + SUM] = weight;
  });
  return { shape: [...shape, 4], data: filters };
}

// The weights of a kernel with a border of zeros more, or without its border.
function resized({ shape: [from], data }, side) {
  const weights = new Array(3 * side * side).fill(0);
  const shift = (side - from) / 2;
  data.forEach((weight, i) => {
    const [pixel, c] = [Math.floor(i / 3), i % 3];
    const [y, x] = [Math.floor(pixel / from) + shift, (pixel % from) + shift];
    if (within(y, 0, side - 1) === y && within(x, 0, side - 1) === x) {
      weights[3 * (y * side + x) + c] = weight;
    }
  });
  return weights;
}

// What the kernel sees at a place, in the order of its weights.
function under({ shape: [, width, channels], data }, row, column, side) {
  const rows = Array.from({ length: side }, (_, m) => {
    const begin = ((row + m) * width + column) * channels;
    return [...data.subarray(begin, begin + side * channels)];
  });
  return rows.flat();
}

function plane({ shape: [rows, columns, channels], data }, channel) {
  const one = new Float32Array(rows * columns);
  for (let i = 0; i < one.length; i++) one[i] = data[i * channels + channel];
  return { shape: [rows, columns, 1], data: one };
}

// A weight as it is shown, and reckoned with: of so many digits as those that come from Python.
function rounded(weight) {
  return Number(weight.toPrecision(4));
}

function within(x, low, high) {
  return Math.min(Math.max(x, low), high);
}

// --- words --------------------------------------------------------------------------------------

// The products of one channel, less those with a weight of zero.
function products(pixels, weights, channel) {
  const terms = pixels
    .map((pixel, i) => `${pixel}×${factor(number(weights[i]))}`)
    .filter((_, i) => i % 3 === channel && weights[i]);
  return terms.length ? terms : ["0"];
}

// The middle of a long sum left out.
function shortened(terms) {
  return terms.length > 9 ? [...terms.slice(0, 4), "…", ...terms.slice(-4)] : terms;
}

function number(x) {
  return `${Number(x.toPrecision(5))}`.replace("-", "−");
}

function factor(text) {
  return text.startsWith("−") ? `(${text})` : text;
}

// --- picture and page ---------------------------------------------------------------------------

// The red, green and blue of a picture, without its opacity.
async function decoded(picture) {
  await picture.decode();
  const [width, height] = [picture.naturalWidth, picture.naturalHeight];
  const canvas = make("canvas", { width, height });
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  return { shape: [height, width, 3], data: Float32Array.from(data.filter((_, i) => i % 4 < 3)) };
}

// 256 colours between those given, four bytes each.
function spectrum(colours) {
  const context = make("canvas", { width: 256, height: 1 }).getContext("2d");
  const gradient = context.createLinearGradient(0, 0, 256, 0);
  colours.forEach((colour, i) => gradient.addColorStop(i / (colours.length - 1), colour));
  context.fillStyle = gradient;
  context.fillRect(0, 0, 256, 1);
  return context.getImageData(0, 0, 256, 1).data;
}

// Paint values from −limit to limit.
function paint(canvas, { shape: [rows, columns], data }, limit, palette) {
  Object.assign(canvas, { width: columns, height: rows });
  const context = canvas.getContext("2d");
  const painted = context.createImageData(columns, rows);
  data.forEach((value, i) => {
    const colour = 4 * Math.round((value / limit + 1) * 127.5);
    painted.data.set(palette.subarray(colour, colour + 4), 4 * i);
  });
  context.putImageData(painted, 0, 0);
}

// Lay a mark of so many pixels on a picture of this shape.
function lay(mark, row, column, side, [rows, columns]) {
  const percent = (part, whole) => `${(100 * part) / whole}%`;
  mark.style.top = percent(row, rows);
  mark.style.left = percent(column, columns);
  mark.style.height = percent(side, rows);
  mark.style.width = percent(side, columns);
}

// The pixel of a picture of this shape that was clicked.
function pointed(event, [rows, columns], border = 0) {
  const box = event.currentTarget.getBoundingClientRect();
  const [y, x] = [(event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width];
  return [Math.floor(y * rows) + border, Math.floor(x * columns) + border];
}

function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

function select(names) {
  const element = make("select");
  element.append(...names.map((name) => new Option(name)));
  return element;
}

function labelled(...parts) {
  const label = make("label");
  label.append(...parts);
  return label;
}
