// The chosen map, enlarged; the arrow keys, or a click, choose a pixel of it.
playground.part((app) => {
  "use strict";
  const { make, number, plane, paint } = playground;
  const place = app.place("chosen");
  const canvas = make("canvas", { className: "pixels", tabIndex: 0 });
  // A screen reader leaves the arrow keys to an application alone.
  canvas.setAttribute("role", "application");
  const pin = make("div", { className: "pin" });
  const frame = make("div", { className: "frame" }, canvas, pin);
  const title = make("p", { className: "title" });
  const value = make("p", { className: "value" });
  const [before, after, close] = [["‹", "Previous"], ["›", "Next"], ["×", "Close"]].map(([textContent, ariaLabel]) =>
    make("button", { type: "button", textContent, ariaLabel }),
  );
  place.append(make("div", { className: "head" }, title, before, after, close), frame, value);

  before.addEventListener("click", () => turn(-1));
  after.addEventListener("click", () => turn(1));
  close.addEventListener("click", () => {
    const { side, layer, at } = app.selection;
    const { cells } = app.rows[side][layer];
    app.select(null);
    (cells[at.at(-1)] ?? cells[0]).focus();
  });
  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    move((event.clientY - box.top) / box.height * canvas.height, (event.clientX - box.left) / box.width * canvas.width);
  });
  canvas.addEventListener("keydown", (event) => {
    const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [];
    if (down === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const [y, x] = app.selection.at;
    move(y + down, x + right);
    app.announce(value.textContent);
  });
  app.root.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && app.selection) close.click();
  });
  app.on("selection", show);
  app.on("result", show);

  function move(row, column) {
    const { at } = app.selection;
    const [y, x] = [row, column].map((to, axis) => Math.min(Math.max(Math.floor(to), 0), shape()[axis] - 1));
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
    title.textContent = `${name}, ${last ? classes[at[0]] : at.length > 1 ? `map ${at[2]}` : `unit ${at[0]}`}`;
    if (at.length === 1) {
      value.textContent = number(data[at[0]]);
      return;
    }
    const [height, width] = shape;
    const values = plane(data, units, at[2]);
    const [low, high] = [Math.min, Math.max].map((most) => values.reduce((a, b) => most(a, b)));
    paint(canvas, values, [height, width], app.palette, low, high);
    canvas.ariaLabel = `${title.textContent}, from ${number(low)} to ${number(high)}: the arrow keys choose a pixel`;
    pin.style.cssText =
      `top:${(100 * at[0]) / height}%;left:${(100 * at[1]) / width}%;height:${100 / height}%;width:${100 / width}%`;
    value.textContent = `row ${at[0] + 1}, column ${at[1] + 1}: ${number(values[at[0] * width + at[1]])}`;
  }
});
