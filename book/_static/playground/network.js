// The network, layer by layer: a feature map is a tile, a long vector a strip of squares.
// One is in focus, and the arrow keys go from there to all others; Enter chooses it.
playground.part((app) => {
  "use strict";
  const { BENDS, make, number, within, arrow, under, plane, extent, paint } = playground;
  const place = app.place("network");
  const scales = { unit: "each map", layer: "each layer", network: "the whole network" };
  const scale = make("select");
  for (const [key, text] of Object.entries(scales)) scale.append(new Option(text, key));
  const legend = make("span", { className: "legend" }, "low ", make("i"), " high");
  legend.querySelector("i").style.background = `linear-gradient(to right, ${app.data.colours})`;
  const nets = make("div", { className: "nets" });
  place.append(
    make(
      "div",
      { className: "controls bench" },
      make("label", {}, "One scale of colours for ", scale),
      legend,
    ),
    nets,
  );
  scale.value = "layer";
  scale.addEventListener("change", refresh);

  // By side, a row for each layer; `edges.js` draws over them.
  app.rows = [];

  // What is out of sight is not painted.
  const eye = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const row = rowOf(target);
        if (!row) continue;
        row.seen = isIntersecting;
        draw(row);
      }
    },
    { rootMargin: "200px" },
  );

  app.on("model", () => {
    eye.disconnect();
    app.rows = app.models.map(({ layers }, side) => layers.map((_, layer) => build(side, layer)));
    nets.replaceChildren(...app.rows.map(grid));
    for (const { element } of app.rows.flat()) eye.observe(element);
  });
  app.on("result", refresh);
  app.on("selection", mark);
  // Paper shows all.
  addEventListener("beforeprint", () => app.rows.flat().forEach((row) => draw(row, true)));

  function refresh() {
    for (const row of app.rows.flat()) {
      row.stale = true;
      draw(row);
    }
  }

  function rowOf(element) {
    const closest = element.closest?.(".layer");
    return app.rows.flat().find((row) => row.element === closest);
  }

  // --- building -----------------------------------------------------------------------------

  function grid(rows, side) {
    const { title } = app.models[side];
    const head = make("div", { className: `title side${side}`, textContent: title });
    head.hidden = app.models.length === 1;
    const table = make("div", { role: "grid", ariaLabel: `The layers of ${title}` });
    table.append(...rows.map(({ element }) => element));
    rows[0].cells[0].tabIndex = 0;
    table.addEventListener("keydown", onKey);
    table.addEventListener("focusin", ({ target }) => {
      table.querySelector('[tabindex="0"]').tabIndex = -1;
      target.tabIndex = 0;
      const row = rowOf(target);
      if (row.tiles) row.at = row.cells.indexOf(target);
      look(row);
    });
    table.addEventListener("focusout", () => app.point(null));
    table.addEventListener("pointermove", (event) => point(event, look));
    table.addEventListener("pointerleave", () => app.point(null));
    table.addEventListener("click", (event) => point(event, choose));
    return make("div", { className: "net" }, head, table);
  }

  function build(side, layer) {
    const { name, shape } = app.models[side].layers[layer];
    const units = shape.at(-1);
    const maps = shape.length > 1;
    const tiles = maps || units <= 16;
    const className = tiles ? "tile" : "strip";
    // As many side by side as fill the width, or that of a phone.
    const across = Math.min(units, !tiles ? 128 : units < 64 ? 16 : 32);
    const narrow = Math.min(units, !maps ? 5 : units < 64 ? 8 : 16);
    const size = tiles ? {} : { width: across, height: Math.ceil(units / across) };
    const cells = Array.from({ length: tiles ? units : 1 }, () =>
      make("div", { className, role: "gridcell", tabIndex: -1 }, make("canvas", size)),
    );
    const range = make("span");
    const row = { side, layer, name, units, shape, maps, tiles, across, cells, range };
    Object.assign(row, { at: 0, seen: false, stale: true });
    const style = `--across: ${across}; --narrow: ${narrow}`;
    row.element = make(
      "div",
      { className: "layer", role: "row" },
      make("div", { className: "head", role: "rowheader" }, ...described(side, layer), range),
      make("div", { className: "cells", role: "presentation", style }, ...cells),
    );
    cells.forEach((cell, unit) => (cell.ariaLabel = titled(row, unit)));
    const { layers, classes } = app.models[side];
    if (layer === layers.length - 1 && tiles) {
      cells.forEach((cell, k) => cell.append(make("span", { textContent: classes[k] })));
    }
    return row;
  }

  function described(side, layer) {
    const { name, type, activation, shape, kernel, size } = app.models[side].layers[layer];
    const windows = {
      conv2d: "convolution",
      max_pool2d: "max pooling",
      avg_pool2d: "average pooling",
    };
    const window = (size ?? kernel?.shape.slice(0, 2))?.join("×");
    const what = type in windows ? `${windows[type]} ${window}` : type.replaceAll("_", " ");
    const named = activation !== type && activation !== "linear";
    const bend = named ? `, ${BENDS[activation] ?? activation}` : "";
    const title = make("div", {}, make("b", { textContent: name }), ` ${shape.join("×")}`);
    return what === name ? [title] : [title, make("span", { textContent: what + bend })];
  }

  function titled({ side, layer, name, units, maps }, unit) {
    const { layers, classes } = app.models[side];
    if (layer === layers.length - 1) return `${name}, ${classes[unit]}`;
    return `${name}, ${maps ? "map" : "unit"} ${unit} of ${units}`;
  }

  // --- painting -----------------------------------------------------------------------------

  function draw(row, seen = row.seen) {
    const result = app.results[row.side]?.[row.layer];
    if (!seen || !row.stale || !result) return;
    row.stale = false;
    const { data } = result;
    const { units, cells, maps, across } = row;
    const all = scale.value === "network" ? app.results[row.side] : [result];
    const whole = extent(...all.map((each) => each.data));
    const range = whole.map((end) => number(end, 3)).join(" to ");
    row.range.textContent = scale.value === "layer" ? range : "";
    if (!row.tiles) {
      const lines = Math.ceil(units / across);
      paint(cells[0].firstChild, data, [lines, across], app.palette, ...whole);
      return;
    }
    cells.forEach((cell, unit) => {
      const values = maps ? plane(data, units, unit) : [data[unit]];
      const [low, high] = scale.value === "unit" && maps ? extent(values) : whole;
      paint(cell.firstChild, values, maps ? row.shape.slice(0, 2) : [1, 1], app.palette, low, high);
    });
  }

  // --- looking and choosing -----------------------------------------------------------------

  // What is under the pointer, for `act` to do something with.
  function point(event, act) {
    const cell = event.target.closest(".tile, .strip");
    if (!cell) return;
    const row = rowOf(cell);
    const { units, across, maps, tiles } = row;
    const size = maps ? row.shape : tiles ? [1, 1] : [Math.ceil(units / across), across];
    const place = under(event, cell.firstChild, size);
    const [y, x] = place.map((at, axis) => within(Math.floor(at), 0, size[axis] - 1));
    row.at = tiles ? row.cells.indexOf(cell) : Math.min(y * across + x, units - 1);
    act(row, maps && [y, x]);
  }

  function look(row) {
    const { side, layer, at: unit } = row;
    const before = app.pointed;
    if (before?.side === side && before.layer === layer && before.unit === unit) return;
    app.point({ side, layer, unit });
    if (!row.tiles) row.cells[0].ariaLabel = titled(row, unit);
  }

  // With no pixel given, the one with the largest value.
  function choose(row, pixel) {
    const { side, layer, at, maps, units, shape } = row;
    const result = app.results[side]?.[layer];
    if (!result) return;
    if (maps && !pixel) {
      const values = plane(result.data, units, at);
      const most = values.indexOf(extent(values)[1]);
      pixel = [Math.floor(most / shape[1]), most % shape[1]];
    }
    app.select({ side, layer, at: maps ? [...pixel, at] : [at] });
  }

  function mark() {
    const { selection } = app;
    for (const { side, layer, tiles, cells } of app.rows.flat()) {
      const here = selection?.side === side && selection.layer === layer;
      const chosen = (i) => here && (!tiles || i === selection.at.at(-1));
      cells.forEach((cell, i) => (cell.ariaSelected = `${chosen(i)}`));
    }
  }

  function onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const row = rowOf(event.target);
    // So many stand side by side, now that the window has this width.
    const top = ({ offsetTop }) => offsetTop === row.cells[0].offsetTop;
    const columns = row.tiles ? row.cells.filter(top).length : row.across;
    const [down, right] = arrow(event) ?? [0, 0];
    const step = columns * down + right;
    if (event.key === "Enter" || event.key === " ") {
      choose(row);
      // The arrow keys now choose a pixel, if its part has come; Escape comes back here.
      app
        .place("chosen")
        .querySelector(row.maps ? "canvas" : "button")
        ?.focus();
    } else if (event.key === "Home") go(row, 0);
    else if (event.key === "End") go(row, row.units - 1);
    else if (event.key === "PageUp") leave(row, -1, columns);
    else if (event.key === "PageDown") leave(row, 1, columns);
    else if (!step) return;
    else if (row.at + step >= 0 && row.at + step < row.units) go(row, row.at + step);
    else leave(row, Math.sign(step), columns);
    event.preventDefault();
    event.stopPropagation();
  }

  // To the layer above or below, about as far to the right.
  function leave(row, way, columns) {
    const next = app.rows[row.side][row.layer + way];
    if (!next) return;
    const right = ((row.at % columns) + 0.5) / columns;
    go(next, Math.floor(right * Math.min(next.units, next.across)));
  }

  function go(row, unit) {
    row.at = unit;
    (row.cells[unit] ?? row.cells[0]).focus();
    look(row);
    const result = app.results[row.side]?.[row.layer];
    if (!row.tiles && result) app.announce(`${titled(row, unit)}: ${number(result.data[unit], 3)}`);
  }
});
