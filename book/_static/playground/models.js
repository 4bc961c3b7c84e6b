// Which network: one that the build exported, the reader's own, or two side by side.
playground.part(async (app) => {
  "use strict";
  const { make } = playground;
  const place = app.place("model");
  // By name, each with its title and how to load it.
  const known = new Map();
  // What was chosen last, as a large network may come after a small one that was chosen later.
  const wanted = [];

  const selects = ["Network", "Compare with"].map((name, side) => {
    const select = make("select");
    select.addEventListener("change", () => choose(side, select.value));
    place.append(make("label", { hidden: app.small && side === 1 }, name, select));
    return select;
  });
  const file = make("input", { type: "file", accept: ".js,.json" });
  const facts = make("p", { className: "hint" });
  const own = make("label", { className: "button", hidden: app.small }, "Your own network", file);
  place.append(own, facts);

  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    const text = await chosen.text();
    file.value = "";
    known.set(chosen.name, { title: chosen.name, load: async () => cnn.parse(text) });
    list();
    choose(0, chosen.name);
  });

  try {
    for (const { name, title, bytes, file, version } of await cnn.index(
      app.url("models/index.js"),
    )) {
      const url = app.url(`models/${file}?v=${version}`);
      known.set(name, {
        title,
        size: `, ${(bytes / 1e6).toFixed(1)} MB`,
        load: () => cnn.load(url),
      });
    }
    list();
    const first = app.root.dataset.model;
    choose(0, known.has(first) ? first : known.keys().next().value);
  } catch (error) {
    app.complain(`There is no network to show. ${error.message}`);
  }

  function list() {
    selects.forEach((select, side) => {
      const before = select.value;
      select.replaceChildren(...[...known].map(([name, { title }]) => new Option(title, name)));
      if (side === 1) select.prepend(new Option("no other", ""));
      select.value = before;
    });
  }

  async function choose(side, name) {
    wanted[side] = name;
    try {
      let model = null;
      if (name) {
        tell();
        model = await known.get(name).load();
        if (wanted[side] !== name) return;
        model.choice = name;
        const other = app.models[1 - side];
        if (other && `${model.input}` !== `${other.input}`) {
          if (side) throw new Error("To compare, both must take pictures of one size.");
          app.setModel(1, null);
          if (wanted[1] === other.choice) reset(1);
        }
      }
      app.setModel(side, model);
    } catch (error) {
      if (wanted[side] !== name) return;
      app.complain(`${name}: ${error.message}`);
    }
    reset(side);
    tell();
  }

  // The other side may still wait for its own.
  function reset(side) {
    selects[side].value = wanted[side] = app.models[side]?.choice ?? "";
  }

  function tell() {
    const texts = wanted.map((name, side) => {
      const model = app.models[side];
      if (!name || name === model?.choice) return model ? described(model) : "";
      const { title, size = "" } = known.get(name);
      return `Loading ${title}${size} …`;
    });
    facts.textContent = texts.join(" ");
  }

  function described({ title, layers, record }) {
    const parameters = layers.reduce(
      (sum, { kernel, bias }) => sum + (kernel?.data.length ?? 0) + (bias?.length ?? 0),
      0,
    );
    return (
      `${title}: ${parameters.toLocaleString("en")} parameters` +
      (record ? `, trained for ${record.epochs_done} epochs, seed ${record.seed}.` : ".")
    );
  }
});
