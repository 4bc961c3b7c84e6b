// Open up the chosen neuron: the numbers that met there, and what became of them.
playground.part((app) => {
  "use strict";
  const { make, number, plane, extent, paint, within, button, refill, lay } = playground;
  const { inputOf, channelName } = playground;
  const { explain, planes, unravel } = playground.arithmetic;
  const { written, cell, raised, link } = playground.formula;
  // So many contributions of either sign are listed.
  const LISTED = 5;
  const LARGEST_WEIGHT = 1e4;
  const PACE = 700;

  const play = button("Play", () => (timer ? pause() : start()));
  const steps = make(
    "div",
    { className: "controls" },
    button("Previous pixel", () => move(-1)),
    play,
    button("Next pixel", () => move(1)),
  );
  const formula = make("div", { className: "formula" });
  const canvas = make("canvas");
  const pin = make("div", { className: "pin" });
  const caption = make("figcaption");
  const view = make("figure", {}, make("div", { className: "frame" }, canvas, pin), caption);
  const tables = make("div", { className: "tables" });
  const work = make("div", { className: "work" }, tables);
  const place = app.place("inspect");
  place.append(formula, steps, view, work);

  let timer = null;
  // The chosen neuron with all that belongs to it, and the form with the maps of its channels.
  let now = null;
  let maps = {};
  link(place);
  app.on("selection", show);
  app.on("result", show);

  function show() {
    const { selection, models, results } = app;
    if (!selection || !results[selection.side]) return pause();
    const { side, layer: i, at } = selection;
    const [model, input, output] = [models[side], inputOf(app, side, i), results[side][i]];
    const layer = model.layers[i];
    now = { ...explain(layer, input, output, at), i, at, model, layer, input, output };
    now.convolution = layer.kernel?.shape.length === 4;
    // Kept while the window moves on.
    now.channel = selection.channel ??= now.channel;
    now.channelName = (c) => channelName(model, i, c);
    now.last = model.layers.slice(i + 1).every(({ type }) => type === "softmax");
    now.name = (k) => (now.last ? model.classes[k] : k);
    now.rival = now.last && selection.rival !== now.unit ? selection.rival : undefined;
    const largest = (size) =>
      now.inside.reduce((most, term) => (size(term) > size(most) ? term : most));
    now.winner = largest(({ x }) => x);
    // Of a softmax, its own score.
    now.strongest = largest(({ k, product }) =>
      layer.kernel ? Math.abs(product) : k === now.unit,
    );
    steps.hidden = at.length < 3;
    refill(formula, ...written(now, learnt));
    showInput();
    refill(tables, ...boards());
    // Left where it is if it is there: to lay out a hundred maps again takes as long as all else.
    const form = now.convolution && channelMaps();
    if (work.firstChild !== (form || tables)) {
      tables.previousSibling?.remove();
      if (form) tables.before(form);
    }
    // Of many channels, the one that is shown is in sight; the legend stays above what scrolls.
    const chosen = work.querySelector("label:has(input:checked)");
    if (!chosen) return;
    const [legend] = chosen.parentNode.children;
    chosen.parentNode.scrollTop = chosen.offsetTop - legend.offsetHeight;
  }

  // The map that comes in, with the window on it.
  function showInput() {
    const { input, inside, layer, channel } = now;
    const [height, width, channels] = input.shape;
    view.hidden = !channels;
    if (!channels) return;
    const [rows, columns, units] = [0, 1, 2].map((axis) =>
      inside.map(({ from }) => unravel(input.shape, from)[axis]),
    );
    const c = layer.kernel ? channel : units[0];
    const values = plane(input.data, channels, c);
    paint(canvas, values, [height, width], app.palette, ...extent(values));
    caption.textContent = `${input.name}, ${now.channelName(c)}`;
    const [[top, bottom], [left, right]] = [extent(rows), extent(columns)];
    lay(pin, input.shape, top, left, bottom + 1 - top, right + 1 - left);
  }

  function boards() {
    const { i, at, place, model, layer, input, output, terms, winner, strongest } = now;
    const list = now.convolution ? kernels() : layer.kernel ? [weighed()] : [];
    if (layer.size) list.push(grid("x", "x: the window", terms, layer.size[1], "x"));
    if (layer.activation === "softmax") list.push(powers(output.logits ?? input.data));
    const back = layer.size ? winner : strongest;
    if (i && layer.type !== "dense") {
      list.push(opener(back.from, `Open ${input.name}, `));
    }
    if (at.length === 3 && model.layers[i + 1]?.type === "flatten") {
      list.push(button(`Open flatten, unit ${place}`, () => choose(i + 1, [place])));
    }
    return list;
  }

  // A convolution, channel by channel; drawn once, for all places of a map.
  function channelMaps() {
    const { output, unit, sum, sums, channel } = now;
    if (maps.output !== output || maps.unit !== unit) maps = { output, unit, ...drawn() };
    sums.forEach((value, c) => {
      maps.radios[c].checked = c === channel;
      maps.shown[c].textContent = brief(value);
    });
    maps.total.textContent = number(sum);
    return maps.form;
  }

  function drawn() {
    const { layer, input, output, unit } = now;
    const each = planes(layer, input, unit);
    const limit = Math.max(...extent(...each).map(Math.abs));
    const [total, ...shown] = [0, ...each].map(() => cell("span", "Σ", ""));
    const radios = each.map((_, c) => {
      const onchange = () => app.select({ ...app.selection, channel: c });
      return make("input", { type: "radio", name: "channel", onchange });
    });
    const choices = each.map((map, c) => {
      const thumbnail = make("canvas");
      paint(thumbnail, map, output.shape, app.palette, -limit, limit);
      return make("label", {}, thumbnail, radios[c], ` ${now.channelName(c)} `, shown[c]);
    });
    const said = "Each channel's own map, and its sum here; all together ";
    const legend = make("legend", {}, said, total);
    return { form: make("form", {}, make("fieldset", {}, legend, ...choices)), radios, shown, total };
  }

  function kernels() {
    const { terms, sums, channel, layer } = now;
    const own = terms.filter(({ k }) => k % sums.length === channel);
    const columns = layer.kernel.shape[1];
    return [
      grid("x", `x: ${now.channelName(channel)}`, own, columns, "x"),
      grid("w", "w: its kernel", own, columns, "w"),
      grid("Σ", `x·w: in all ${brief(sums[channel])}`, own, columns, "product"),
    ];
  }

  // Of a class, it can be asked why it is this one and not a rival.
  function weighed() {
    const { last, model, unit, rival } = now;
    if (!last) return contributions();
    const onchange = ({ target: { value } }) =>
      app.select({ ...app.selection, rival: value ? Number(value) : undefined });
    const others = model.classes.map((name, k) => new Option(name, k));
    others.splice(unit, 1);
    const select = make("select", { onchange }, new Option("no other", ""), ...others);
    select.value = rival ?? "";
    return make("div", {}, make("label", {}, "Rather than ", select), contributions());
  }

  // The largest contributions of both signs, and what is left; beside a rival, the differences.
  function contributions() {
    const { terms, rival, name, unit, layer } = now;
    const alone = rival === undefined;
    const all = alone ? terms : terms.map(beside);
    const sorted = all.filter(({ product }) => product).sort((a, b) => b.product - a.product);
    const shown = sorted.filter((_, k) => k < LISTED || k >= sorted.length - LISTED);
    const rest = sorted.reduce((sum, term) => (shown.includes(term) ? sum : sum + term.product), 0);
    const total = (text, sum) => [text, make("td"), make("td"), cell("td", "Σ", brief(sum))];
    const rows = shown.map((term) => [
      now.i ? opener(term.from) : named(term.from),
      cell("td", "x", brief(term.x)),
      cell("td", "w", alone ? weight(term) : brief(term.w)),
      cell("td", "Σ", brief(term.product)),
    ]);
    rows.push(total(`${terms.length - shown.length} others`, rest));
    if (alone) return table("The largest contributions", rows, ["from", "x", "w", "x·w"]);
    const bias = layer.bias ? layer.bias[unit] - layer.bias[rival] : 0;
    const sum = all.reduce((sum, { product }) => sum + product, bias);
    rows.push(total("bias", bias), total("in all", sum));
    const title = `${name(unit)} less ${name(rival)}`;
    return table(title, rows, ["from", "x", "Δw", "x·Δw"]);
  }

  function beside(term) {
    const { data, shape } = now.layer.kernel;
    const w = term.w - data[term.k * shape.at(-1) + now.rival];
    return { ...term, w, product: term.x * w };
  }

  function powers(scores) {
    const { i, at, place, unit, output, name } = now;
    const own = [...scores.subarray(place - unit, place - unit + output.shape.at(-1))];
    const largest = Math.max(...own);
    const all = own.map((z) => Math.exp(z - largest));
    const total = all.reduce((a, b) => a + b);
    const rows = own.map((z, k) => [
      k === unit ? `▸ ${name(k)}` : button(name(k), () => choose(i, [...at.slice(0, -1), k])),
      cell("td", "z", brief(z)),
      cell("td", "e^z", number(all[k], 3)),
      cell("td", "y", number(all[k] / total, 3)),
    ]);
    rows.push(["all", make("td"), cell("td", "Σ", number(total)), make("td")]);
    // A power might be too large for any number, and the shares stay the same.
    const title = `e^z after the largest score, ${brief(largest)}, is taken off each`;
    return table(title, rows, ["class", "z", "e^z", "y"]);
  }

  // The terms as they lie in the window, coloured from the lowest to the highest value.
  function grid(symbol, title, terms, columns, key) {
    const values = terms.map((term) => term[key]);
    const [low, high] = extent(values);
    const rows = [];
    terms.forEach((term, k) => {
      const colour = Math.round((255 * (values[k] - low)) / (high - low || 1));
      const [red, green, blue] = app.palette.subarray(4 * colour);
      const td = cell("td", symbol, key === "w" ? weight(term) : brief(values[k]));
      if (now.layer.type.includes("max") && term === now.winner) td.className = "winner";
      // The ink that has more contrast.
      const light =
        0.2126 * red ** 2.2 + 0.7152 * green ** 2.2 + 0.0722 * blue ** 2.2 > 0.179 * 255 ** 2.2;
      td.style.cssText = `background:rgb(${red},${green},${blue});color:${light ? "#000" : "#fff"}`;
      if (k % columns === 0) rows.push([]);
      rows.at(-1).push(td);
    });
    return table(title, rows);
  }

  // What the network learned can be changed where it stands.
  function weight({ w, weight: place, from }) {
    if (!app.edit) return brief(w);
    const label = `weight of ${from < 0 ? "the padding" : named(from)}`;
    return field(w.toFixed(3), label, "kernel", place);
  }

  function learnt(shown) {
    return app.edit ? field(now.bias.toPrecision(5), "bias", "bias", now.unit) : shown;
  }

  function field(shown, ariaLabel, array, place) {
    const { model, layer, unit } = now;
    const onchange = ({ target }) => {
      const value = within(target.valueAsNumber || 0, -LARGEST_WEIGHT, LARGEST_WEIGHT);
      const words = `${layer.name}, unit ${unit}, ${ariaLabel}: ${value}`;
      const change = ({ [array]: numbers }) => ((numbers.data ?? numbers)[place] = value);
      app.edit(model, `${layer.name} ${array} ${place}`, { words, layer, change });
    };
    const defaultValue = Number(shown);
    return make("input", { type: "number", step: 0.01, defaultValue, ariaLabel, onchange });
  }

  function opener(from, before = "") {
    return button(before + named(from), () => choose(now.i - 1, unravel(now.input.shape, from)));
  }

  function choose(layer, at) {
    pause();
    app.select({ side: app.selection.side, layer, at });
    // What was pressed is gone, and the focus must not fall on a weight.
    const chosen = app.place("chosen");
    chosen.querySelector(at.length > 1 ? "canvas" : "[aria-label=Next]").focus();
    app.announce(chosen.querySelector(".title").textContent);
  }

  // A place of the input, in words; after flattening, where it was before, too.
  function named(from, i = now.i, { shape } = now.input) {
    const [y, x, c] = unravel(shape, from);
    if (shape.length === 3) return `row ${y + 1}, column ${x + 1}, ${channelName(now.model, i, c)}`;
    const before = i - 1;
    if (now.model.layers[before]?.type !== "flatten") return `unit ${y}`;
    return `unit ${y}: ${named(from, before, inputOf(app, app.selection.side, before))}`;
  }

  // Three decimals and three digits at most.
  function brief(x) {
    return number(Number(x.toFixed(3)), 3);
  }

  // --- moving ---

  function move(by) {
    pause();
    go(by);
    const [y, x] = now.at;
    app.announce(`Row ${y + 1}, column ${x + 1}: ${number(now.value)}`);
  }

  // One pixel on, row by row; false at the end.
  function go(by) {
    const to = now.place + by * now.output.shape[2];
    if (!(to in now.output.data)) return false;
    app.select({ ...app.selection, at: unravel(now.output.shape, to) });
    return true;
  }

  function start() {
    play.textContent = "Pause";
    timer = setInterval(() => go(1) || pause(), PACE);
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  }

  // --- elements ---

  function table(title, rows, head) {
    const first = (each) => (each.tagName === "TD" ? each : make("th", { scope: "row" }, each));
    const body = rows.map((cells) => make("tr", {}, ...cells.map(first)));
    const heads = head?.map((text) => make("th", { scope: "col" }, ...raised(text)));
    if (heads) body.unshift(make("tr", {}, ...heads));
    return make("table", {}, make("caption", { textContent: title }), ...body);
  }
});
