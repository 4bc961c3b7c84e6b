// The chosen map, enlarged; the arrow keys, or a click, choose a pixel of it.
playground.part((app) => {
  "use strict";
  const { make, button, number, within, arrow, under, lay, plane, extent, paint } = playground;
  const place = app.place("chosen");
  const canvas = make("canvas", { tabIndex: 0 });
  // A screen reader leaves the arrow keys to an application alone.
  canvas.setAttribute("role", "application");
  const pin = make("div", { className: "pin" });
  const frame = make("div", { className: "frame" }, canvas, pin);
  const title = make("p", { className: "title" });
  const value = make("p", { className: "value" });
  const signed = (sign, ariaLabel, act) => Object.assign(button(sign, act), { ariaLabel });
  const before = signed("‹", "Previous", () => turn(-1));
  const after = signed("›", "Next", () => turn(1));
  const close = signed("×", "Close", leave);
  place.append(make("div", { className: "head" }, title, before, after, close), frame, value);

  // The window over what comes in follows the pointer that is held down.
  canvas.addEventListener("pointerdown", drag);
  canvas.addEventListener("pointermove", drag);
  canvas.addEventListener("keydown", (event) => {
    const step = arrow(event);
    if (!step) return;
    event.preventDefault();
    const [y, x] = app.selection.at;
    move(y + step[0], x + step[1]);
    app.announce(value.textContent);
  });
  app.root.addEventListener("keydown", ({ key, target }) => {
    if (key !== "Escape" || !app.selection) return;
    // A number that was not taken is none.
    if (target.type === "number") target.value = target.defaultValue;
    leave();
  });
  app.on("selection", show);
  app.on("result", show);

  // Back to where one came from.
  function leave() {
    const { side, layer, at } = app.selection;
    const row = app.rows[side][layer];
    row.at = at.at(-1);
    app.select(null);
    (row.cells[row.at] ?? row.cells[0]).focus();
  }

  function drag(event) {
    if (event.buttons) move(...under(event, canvas, shape()));
  }

  function move(row, column) {
    const { at } = app.selection;
    const [height, width] = shape();
    const [y, x] = [
      within(Math.floor(row), 0, height - 1),
      within(Math.floor(column), 0, width - 1),
    ];
    app.select({ ...app.selection, at: [y, x, at[2]] });
  }

  function turn(step) {
    const at = [...app.selection.at];
    const units = shape().at(-1);
    at[at.length - 1] = (at.at(-1) + step + units) % units;
    app.select({ ...app.selection, at });
    app.announce(`${title.textContent}. ${value.textContent}`);
  }

  function shape() {
    return app.models[app.selection.side].layers[app.selection.layer].shape;
  }

  function show() {
    const { selection } = app;
    const result = selection && app.results[selection.side]?.[selection.layer];
    if (!result) return;
    const { name, shape, data } = result;
    const { at } = selection;
    const { classes, layers } = app.models[selection.side];
    const last = selection.layer === layers.length - 1;
    const units = shape.at(-1);
    frame.hidden = at.length === 1;
    const unit = at.at(-1);
    title.textContent = `${name}, ${last ? classes[unit] : at.length > 1 ? `map ${unit}` : `unit ${unit}`}`;
    if (at.length === 1) {
      value.textContent = number(data[at[0]]);
      return;
    }
    const [height, width] = shape;
    const values = plane(data, units, at[2]);
    const [low, high] = extent(values);
    paint(canvas, values, [height, width], app.palette, low, high);
    const range = `from ${number(low)} to ${number(high)}`;
    canvas.ariaLabel = `${title.textContent}, ${range}: the arrow keys choose a pixel`;
    const [y, x] = at;
    lay(pin, [height, width], y, x);
    value.textContent = `row ${y + 1}, column ${x + 1}: ${number(values[y * width + x])}`;
  }
});
