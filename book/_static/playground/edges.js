// What feeds the map that is looked at: lines to the layer before, and from the strongest of these
// on, back to the picture. Blue and solid adds, vermilion and dashed takes away.
playground.part((app) => {
  "use strict";
  const { make, number } = playground;
  const MOST = 12;
  const sheet = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  sheet.setAttribute("class", "edges");
  sheet.ariaHidden = "true";
  const hint =
    "Point at a map to see what feeds it, click to open it. By keyboard: arrow keys, Enter.";
  const sentence = make("p", { className: "hint" });
  app.place("network").append(sheet);
  app.place("network").querySelector(".bench").append(sentence);

  for (const event of ["point", "selection", "result", "model"]) app.on(event, show);
  // Where the window, or what stands above, has another size, the maps are elsewhere.
  new ResizeObserver(show).observe(app.place("network"));

  function show() {
    const { selection } = app;
    const looked = app.pointed ?? (selection && { ...selection, unit: selection.at.at(-1) });
    sheet.replaceChildren();
    sentence.textContent = hint;
    if (!looked || !app.results[looked.side]) return;
    const { side, layer, unit } = looked;
    let fed = feeders(side, layer, unit);
    sentence.textContent = told(looked, fed);
    const marks = [mark(side, layer, unit, "target")];
    const join = (layer, unit, feeder, kind) => {
      marks.push(
        line(side, layer, unit, feeder, fed[0], kind),
        mark(side, layer - 1, feeder.unit, kind),
      );
    };
    fed.slice(0, MOST).forEach((feeder) => join(layer, unit, feeder, ""));
    for (let back = layer - 1; fed.length && back > 0; back--) {
      const from = fed[0].unit;
      fed = feeders(side, back, from);
      if (fed.length) join(back, from, fed[0], "back");
    }
    sheet.append(...marks);
  }

  // The units of the layer before that have a part in this one, the strongest first. A weighted
  // sum is a part for each of its terms; of a map, its mean stands for the term.
  function feeders(side, layer, unit) {
    if (layer === 0) return [];
    const { type, kernel } = app.models[side].layers[layer];
    const { shape, data } = app.results[side][layer - 1];
    const units = shape.at(-1);
    if (type === "flatten") return [{ unit: unit % units, part: data[unit] }];
    if (!kernel) return [{ unit, part: 1 }];
    const sums = new Float64Array(units);
    data.forEach((value, i) => (sums[i % units] += value));
    const outputs = kernel.shape.at(-1);
    const weights = new Float64Array(units);
    for (let i = unit; i < kernel.data.length; i += outputs) {
      weights[((i - unit) / outputs) % units] += kernel.data[i];
    }
    const places = data.length / units;
    const parts = Array.from(sums, (sum, i) => ({ unit: i, part: (sum * weights[i]) / places }));
    return parts.filter(({ part }) => part).sort((a, b) => Math.abs(b.part) - Math.abs(a.part));
  }

  function told({ side, layer, unit }, fed) {
    const { layers, classes } = app.models[side];
    const last = layer === layers.length - 1;
    const what = `${layers[layer].name}, ${last ? classes[unit] : unit}`;
    if (!layers[layer].kernel || !fed.length) return what;
    const signed = (part) => (part < 0 ? "" : "+") + number(part, 3);
    const terms = fed.slice(0, 3).map(({ unit, part }) => `${unit} (${signed(part)})`);
    const mean = app.results[side][layer - 1].shape.length > 1 ? ", on average over the map" : "";
    return `${what}: most comes from ${layers[layer - 1].name} ${terms.join(", ")}${mean}.`;
  }

  // --- drawing ------------------------------------------------------------------------------

  function mark(side, layer, unit, kind) {
    return shape("rect", { class: kind, ...boxOf(side, layer, unit) });
  }

  function line(side, layer, unit, feeder, strongest, kind) {
    const [to, from] = [boxOf(side, layer, unit), boxOf(side, layer - 1, feeder.unit)];
    const [x, y] = [from.x + from.width / 2, from.y + from.height];
    const [end, bottom] = [to.x + to.width / 2, to.y];
    const bend = Math.max((bottom - y) / 2, 12);
    return shape("path", {
      class: `${feeder.part < 0 ? "minus" : "plus"} ${kind}`,
      d: `M${x},${y}C${x},${y + bend} ${end},${bottom - bend} ${end},${bottom}`,
      "stroke-width": 1 + 2.5 * Math.abs(feeder.part / strongest.part),
    });
  }

  // Where a unit is, on the sheet.
  function boxOf(side, layer, unit) {
    const row = app.rows[side][layer];
    const box = (row.cells[unit] ?? row.cells[0]).getBoundingClientRect();
    const { left, top } = sheet.getBoundingClientRect();
    const [x, y] = [box.left - left, box.top - top];
    if (row.tiles) return { x, y, width: box.width, height: box.height };
    const { across, units } = row;
    const [width, height] = [box.width / across, box.height / Math.ceil(units / across)];
    const [line, post] = [Math.floor(unit / across), unit % across];
    return { x: x + post * width, y: y + line * height, width, height };
  }

  function shape(tag, attributes) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }
});
