// Which places does the answer depend on? A grey patch slides over the picture, and
// a map over the picture shows how probable the class is with the patch at each place.
playground.part((app) => {
  "use strict";
  if (app.small) return;
  const { make, paint, portray, button, lay } = playground;
  const GREY = 127.5;
  // So many places along an axis, at most.
  const MOST = 16;

  const size = make("input", { type: "range", min: 2, max: 16, value: 8, oninput: told });
  const shown = make("output");
  const start = button("", () => (running ? stop() : slide()));
  const maps = make("div", { className: "maps" });
  app
    .place("perturb")
    .append(
      make("p", { className: "title", textContent: "Which places matter?" }),
      make("div", { className: "dials" }, make("label", {}, "Grey patch", size, shown)),
      start,
      maps,
    );
  let running = null;
  told();
  stop();
  app.on("image", clear);

  function told() {
    shown.value = size.ariaValueText = `${size.value} px`;
  }

  function caption(textContent) {
    return make("figcaption", { textContent });
  }

  function clear() {
    stop();
    maps.replaceChildren();
  }

  function stop() {
    running = null;
    start.textContent = "Slide it over the picture";
  }

  async function slide() {
    const mine = (running = {});
    const { image, models, watched } = app;
    const side = Math.min(size.valueAsNumber, ...image.shape);
    const step = Math.ceil((Math.max(...image.shape) - side + 1) / MOST);
    const shape = image.shape.map((length) => Math.floor((length - side) / step) + 1);
    const boards = models.map(() => make("figure"));
    maps.replaceChildren(...boards);
    for (const [i, model] of models.entries()) {
      if (!app.knows(i)) {
        boards[i].append(caption(`${model.title} has no class ${watched}.`));
        continue;
      }
      const values = new Float32Array(shape[0] * shape[1]).fill(NaN);
      const map = board(boards[i], shape, side, step);
      const plain = await app.ask(i, image.pixels);
      for (let k = 0; k < values.length; k++) {
        values[k] = await app.ask(i, covered(image, placeOf(k), side));
        if (running !== mine || models !== app.models) return;
        if (watched !== app.watched) return clear();
        const done = values.subarray(0, k + 1);
        paint(map, values, shape, app.palette, Math.min(...done), Math.max(...done));
        const share = (i + (k + 1) / values.length) / models.length;
        start.textContent = `Stop at ${Math.round(100 * share)} %`;
      }
      boards[i].append(caption(`${model.title}: ${summary(values, plain)}`));
    }
    stop();
    app.announce(maps.textContent);

    function placeOf(k) {
      return [Math.floor(k / shape[1]) * step, (k % shape[1]) * step];
    }

    function summary(values, plain) {
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const [before, least, most] = [plain, low, high].map((p) => p.toFixed(3));
      if (least === before && most === before) {
        return `${watched} has ${before}, and keeps it wherever the patch lies: nothing changed.`;
      }
      const over = (p) => {
        const [top, left] = placeOf(values.indexOf(p)).map((x) => x + 1);
        return `over rows ${top} to ${top + side - 1}, columns ${left} to ${left + side - 1}`;
      };
      const drop =
        least < before
          ? `The largest drop, by ${(plain - low).toFixed(3)} to ${least}, is with the patch ${over(low)}.`
          : "Nowhere does the patch make it less.";
      const rise =
        most > before
          ? `The largest rise, by ${(high - plain).toFixed(3)} to ${most}, is ${over(high)}.`
          : "Nowhere does it make it more.";
      return `${watched} has ${before}. ${drop} ${rise} Dark is ${least}, light ${most}.`;
    }
  }

  function covered({ pixels, shape: [, width] }, [top, left], side) {
    const output = pixels.slice();
    for (let y = top; y < top + side; y++)
      output.fill(GREY, 3 * (y * width + left), 3 * (y * width + left + side));
    return output;
  }

  // The picture, and over it an empty map: each value lies where the middle of the patch was.
  function board(figure, shape, side, step) {
    const picture = make("canvas");
    portray(picture, app.image);
    const map = make("canvas", { className: "map" });
    const margin = (side - step) / 2;
    lay(map, app.image.shape, margin, margin, shape[0] * step, shape[1] * step);
    figure.append(make("div", { className: "frame" }, picture, map));
    return map;
  }
});
