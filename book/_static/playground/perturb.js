// Disturb the picture, and chart what that does to the answer of each network.
playground.part((app) => {
  "use strict";
  if (app.small) return;
  const { make, button, disturbed } = playground;

  // By setting of `disturbed`: its name and unit, from where to where, in which steps.
  const DIALS = {
    mirror: ["Mirror", "", 0, 1, 1],
    turn: ["Rotate", "°", -180, 180, 5],
    zoom: ["Zoom", " %", -50, 100, 5],
    right: ["Shift right", " px", -16, 16, 1],
    down: ["Shift down", " px", -16, 16, 1],
    brightness: ["Brightness", "", -128, 128, 8],
    noise: ["Noise", "", 0, 100, 4],
    seed: ["Noise, seed", "", 0, 20, 1],
    blocks: ["JPEG blocks", "", 0, 60, 2],
  };
  const ANCHORS = ["start", "middle", "end"];
  const settings = {};
  let [seen, timer, latest, picture] = [false, null, 0, null];
  const dials = Object.entries(DIALS).map(([name, [ariaLabel, , min, max, step]]) => {
    const type = max === 1 ? "checkbox" : "range";
    return make("input", { name, type, min, max, step, ariaLabel, oninput: turn });
  });
  const raw = make("input", { type: "checkbox", onchange: () => feed(raw.checked) });
  const reset = button("Reset the picture", rest);
  const subject = make(
    "select",
    { onchange: later },
    ...dials.map((dial) => new Option(dial.ariaLabel, dial.name)),
  );
  const target = make("select", { onchange: later });
  const chart = make("div", {
    className: "chart",
    role: "img",
    ariaLabel: "A chart, not drawn yet",
  });
  const told = make("ul");
  // The patch of `occlusion.js` is to come after.
  app
    .place("perturb")
    .prepend(
      make("p", { className: "title", textContent: "Disturb the picture" }),
      make(
        "div",
        { className: "dials" },
        ...dials.map((dial) => make("label", {}, dial.ariaLabel, dial, make("output"))),
      ),
      make("label", {}, raw, " Feed 0 to 255 to a network that was trained on 0 to 1"),
      make(
        "div",
        { className: "controls" },
        reset,
        make("label", {}, "Chart ", subject),
        make("label", {}, "for ", target),
      ),
      chart,
      told,
    );
  // The probability of the class that is watched, without disturbing the playground's own run.
  app.spares = [];
  app.ask = async (side, pixels) => {
    const model = app.models[side];
    const worker = (app.spares[side] ??= cnn.worker());
    const activations = await worker.run(model, playground.channels(pixels, model.input[2]));
    return cnn.probabilities(activations)[model.classes.indexOf(app.watched)];
  };
  // Networks side by side may know different classes.
  app.knows = (side) => app.models[side].classes.includes(app.watched);

  app.perturb.push((image) => disturbed(image, settings));
  app.on("model", () => {
    target.replaceChildren(...app.models[0].classes.map((name) => new Option(name)));
    target.selectedIndex = -1;
  });
  app.on("result", () => {
    raw.checked = app.models.some((model) => app.edits(model).has("raw"));
    const p = cnn.probabilities(app.results[0]);
    // With another picture, the class that it is taken for; then the reader's choice.
    if (target.selectedIndex < 0 || picture !== app.original.source) {
      target.selectedIndex = p.indexOf(Math.max(...p));
    }
    picture = app.original.source;
    later();
  });
  rest();

  function turn({ target: dial }) {
    settings[dial.name] = dial.type === "range" ? dial.valueAsNumber : Number(dial.checked);
    subject.value = dial.name;
    show();
  }

  function rest() {
    for (const { name } of dials) settings[name] = 0;
    subject.value = "turn";
    show();
    feed(false);
  }

  function show() {
    for (const dial of dials) {
      dial.value = settings[dial.name];
      dial.checked = settings[dial.name];
      if (dial.type !== "range") continue;
      dial.nextSibling.value = dial.ariaValueText = amount(dial.name, settings[dial.name]);
    }
    app.rerun();
  }

  // The write-up's mistake: the layer that divides by 255 does nothing.
  function feed(on) {
    for (const model of app.models) {
      const layer = model.layers.find(({ type }) => type === "rescaling");
      const change = ({ scale }) => scale.fill(1);
      if (layer) app.edit(model, "raw", on && { words: "fed with 0 to 255", layer, change });
    }
  }

  function amount(name, strength) {
    return `${Number(strength.toFixed(1))}${DIALS[name][1]}`.replace("-", "−");
  }

  // --- the chart: each network along the whole way of one dial, the others as they are set ---

  // What is out of view is not computed.
  new IntersectionObserver(([{ isIntersecting }]) => {
    seen = isIntersecting;
    later();
  }).observe(chart);

  function later() {
    app.watched = target.value;
    clearTimeout(timer);
    timer = setTimeout(sweep, 250);
  }

  async function sweep() {
    const [mine, name, { models, original }] = [++latest, subject.value, app];
    if (!seen || !app.results.length) return;
    const [, , from, to, step] = DIALS[name];
    const points = Math.min((to - from) / step, 24);
    const way = Array.from({ length: points + 1 }, (_, i) => from + ((to - from) * i) / points);
    const lines = models.map(() => []);
    for (const strength of way) {
      const { pixels } = disturbed(original, { ...settings, [name]: strength });
      for (const [side, line] of lines.entries()) {
        if (app.knows(side)) line.push(await app.ask(side, pixels));
        if (mine !== latest || models !== app.models) return;
      }
    }
    draw(name, way, lines);
    const texts = lines.map((line, side) => {
      const { title } = models[side];
      if (!line.length) return `${title} has no class ${app.watched}`;
      const ends = [Math.min(...line), Math.max(...line)];
      const [low, high] = ends.map(
        (p) => `${p.toFixed(3)} at ${amount(name, way[line.indexOf(p)])}`,
      );
      return `${title}: lowest ${low}, highest ${high}`;
    });
    chart.ariaLabel = `Probability of ${app.watched} by ${DIALS[name][0]}. ${texts.join(". ")}`;
    told.replaceChildren(
      ...texts.map((textContent, side) => make("li", { className: `side${side}`, textContent })),
    );
  }

  // Only numbers go into the text, and what stands in this file.
  function draw(name, way, lines) {
    const [from, to] = [way[0], way.at(-1)];
    const x = (strength) => (30 + (320 * (strength - from)) / (to - from)).toFixed(1);
    const y = (p) => (150 - 140 * p).toFixed(1);
    const levels = [0, 0.5, 1].map(
      (p) => `<path class="level" d="M30 ${y(p)}H350"/><text x="0" y="${y(p - 0.03)}">${p}</text>`,
    );
    const marks = [from, (from + to) / 2, to].map(
      (s, i) => `<text x="${x(s)}" y="168" text-anchor="${ANCHORS[i]}">${amount(name, s)}</text>`,
    );
    const paths = lines.map((line, side) => {
      if (!line.length) return "";
      const points = line.map((p, i) => `${x(way[i])} ${y(p)}`);
      return `<path class="side${side}" d="M${points.join("L")}"/>`;
    });
    const now = `<path class="now" d="M${x(settings[name])} 10V150"/>`;
    const drawn = [...levels, ...marks, now, ...paths].join("");
    chart.innerHTML = `<svg viewBox="0 0 360 175">${drawn}</svg>`;
  }
});
