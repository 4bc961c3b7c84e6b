// The live networks. This file is the shell: it holds the state, runs the networks, and tells the
// parts. What a reader sees and touches is in the parts, a file each.
//
// A part is a function, called once for each playground on the page:
//
//   playground.part((app) => { … });
//
//   app.root           the playground's element
//   app.small          whether it is the small form inside a chapter
//   app.data           what the build wrote into the page: { samples, colours, following }
//   app.url(path)      the address of a file in `_static`
//   app.place(name)    the element of a region, to be filled: one of PLACES
//   app.models         the networks by side, as `cnn.decode` gives them: one, or two to compare
//   app.shape          [height, width] of the picture that they take
//   app.original       { pixels, shape, name, truth, source }: the picture as chosen; each that is
//                      taken has another `source`, a drawing has none
//   app.image          { pixels, shape }: the same as the networks get it, after app.perturb
//   app.perturb        functions image => image, applied in order; push yours, then app.rerun()
//   app.results        by side, what each layer gave, as `cnn.forward` lists it; [] until there is
//   app.selection      { side, layer, at } or null: a chosen neuron. `layer` is a place in
//                      app.results[side]; `at` is [y, x, channel], or [unit] after flattening
//   app.pointed        { side, layer, unit } or null: the map or unit under the pointer or in focus
//
//   app.setImage(pixels, name, truth, source)    another picture, of app.shape; truth: its class,
//                                        if known
//   app.setModel(side, model)            another network; null takes the second one away
//   app.edited(side)                     its weights were changed in place: run it again
//   app.select(selection)                choose a neuron, or null for none
//   app.point(pointed)                   say which map or unit is looked at, or null for none
//   app.rerun()                          perturb and run again; a promise of the new results
//   app.on(event, listener)              "model", "image", "result", "selection", "point"; what
//                                        happened before is told at once
//   app.announce(text)                   for those who hear the page, politely
//   app.complain(text)                   shown and read out, until the next picture or network
//
// Pixels are a Float32Array, row by row, red, green and blue of a pixel side by side, 0 to 255.
// Layers of a network and of its results have the same places. Beside a chosen neuron's arithmetic
// ("inspect"), its map is already there, enlarged, with the pixel under the arrow keys ("chosen").
// The parts share these tools:
//
//   playground.make(tag, properties, ...children)    an element
//   playground.button(text, onclick)
//   playground.number(x, digits = 5)                 as text, with a minus that reads well
//   playground.plane(data, units, unit)              one map of so many
//   playground.extent(...arrays)                     [low, high] of all their values, however many
//   playground.paint(canvas, values, shape, palette, low, high)   values [height, width] in colours
//   playground.portray(canvas, { pixels, shape })    a picture
//   playground.BENDS                                 activation functions as one writes them
//   app.palette                                      256 colours, four bytes each: cividis
//   playground.channels(pixels, count)               a picture as a network with 3 or 1 takes it
//   playground.within(x, low, high)                  the nearest number that is
//   playground.arrow(event)                          [down, right], or null for another key
//   playground.under(event, element, [height, width])    the pixel under the pointer, unrounded
//   playground.lay(element, [height, width], top, left, rows = 1, columns = 1)   over a picture
(() => {
  "use strict";

  const PLACES = {
    input: "Picture",
    model: "Network",
    answers: "Answer",
    perturb: "Change the picture",
    network: "Layers",
    chosen: "Chosen",
    inspect: "Arithmetic",
    edit: "Weights",
  };
  const parts = [];
  const apps = [];
  const statics = new URL("..", document.currentScript.src);
  const BENDS = { relu: "ReLU", tanh: "tanh", elu: "ELU", silu: "SiLU", gelu: "GELU" };
  const tools = {
    ...{ BENDS, make, button, number, within, arrow, under, lay },
    ...{ plane, extent, paint, portray, channels },
  };
  window.playground = { part, ...tools };

  function part(start) {
    parts.push(start);
    for (const app of apps) safely(start, app);
  }

  // One part's mistake is not to stop the others.
  function safely(act, ...given) {
    try {
      act(...given);
    } catch (error) {
      reportError(error);
    }
  }

  addEventListener("DOMContentLoaded", () => {
    // A playground begins when the reader comes near: no network is loaded in vain.
    const near = new IntersectionObserver(
      (entries) => {
        for (const { isIntersecting, target } of entries) {
          if (!isIntersecting) continue;
          near.unobserve(target);
          begin(target);
        }
      },
      { rootMargin: "400px" },
    );
    document.querySelectorAll(".cnn-playground").forEach((root) => near.observe(root));
  });

  function begin(root) {
    const app = create(root);
    apps.push(app);
    for (const start of parts) safely(start, app);
    app.on("result", () => follow(app));
  }

  // What the first answer does not need is fetched after it, once.
  function follow({ root, data, url, complain }) {
    root.classList.add("shown");
    const [src, href] = data.following.map(url);
    if (document.querySelector(`script[src="${src}"]`)) return;
    const onerror = () => complain(`${src} could not be loaded: no map can be opened.`);
    const script = make("script", { src, onerror });
    document.head.append(make("link", { rel: "stylesheet", href }), script);
  }

  function create(root) {
    const data = JSON.parse(root.querySelector("script").textContent);
    const places = {};
    for (const [name, label] of Object.entries(PLACES)) {
      places[name] = make("section", { className: `place ${name}`, ariaLabel: label });
    }
    const { network, chosen, inspect, edit, ...others } = places;
    const stage = make("div", { className: "stage" }, ...Object.values(others));
    // What belongs to a chosen neuron stays in sight, below, while one scrolls through the layers.
    const drawer = make("div", { className: "drawer", hidden: true }, chosen, inspect, edit);
    const said = make("p", { className: "said", role: "status" });
    const complaint = make("p", { className: "complaint", role: "alert" });
    root.replaceChildren(complaint, stage, network, drawer, said);
    root.classList.add("live");

    const listeners = {};
    const happened = new Set();
    const workers = [];
    let running = null;
    let wanted = false;

    const app = {
      root,
      data,
      small: "small" in root.dataset,
      palette: spectrum(data.colours),
      url: (path) => new URL(path, statics).href,
      place: (name) => places[name],
      models: [],
      original: null,
      image: null,
      perturb: [],
      results: [],
      selection: null,
      pointed: null,

      get shape() {
        return app.models[0].input.slice(0, 2);
      },

      on(event, listener) {
        (listeners[event] ??= []).push(listener);
        if (happened.has(event)) queueMicrotask(listener);
      },

      announce(text) {
        said.textContent = text;
      },

      complain(text) {
        complaint.textContent = text;
        if (text) root.classList.add("shown");
      },

      setImage(pixels, name, truth, source) {
        app.complain("");
        app.original = { pixels, shape: app.shape, name, truth, source };
        return app.rerun();
      },

      setModel(side, model) {
        app.complain("");
        const models = [...app.models];
        if (model) models[side] = model;
        else models.splice(side, 1);
        app.models = models;
        app.results = [];
        app.pointed = null;
        app.select(null);
        emit("model");
        return app.rerun();
      },

      edited(side) {
        workers[side]?.replace(app.models[side]);
        return app.rerun();
      },

      select(selection) {
        app.selection = selection;
        drawer.hidden = !selection;
        emit("selection");
      },

      point(pointed) {
        app.pointed = pointed;
        emit("point");
      },

      // Many changes may come while a network runs: only the last of them is run after it.
      rerun() {
        wanted = true;
        running ??= run().finally(() => {
          running = null;
          root.ariaBusy = "false";
          if (wanted) app.rerun();
        });
        return running;
      },
    };

    async function run() {
      root.ariaBusy = "true";
      while (wanted) {
        wanted = false;
        const { models, original } = app;
        // After another network, the picture may still have the size of the one before.
        if (!models.length || `${original?.shape}` !== `${app.shape}`) return;
        app.image = app.perturb.reduce((image, change) => change(image), original);
        emit("image");
        try {
          const results = await Promise.all(
            models.map((model, side) => {
              workers[side] ??= cnn.worker();
              return workers[side].run(model, channels(app.image.pixels, model.input[2]));
            }),
          );
          if (models !== app.models) continue;
          app.results = results;
          emit("result");
        } catch (error) {
          app.complain(`The network could not be run: ${error.message}`);
        }
      }
    }

    function emit(event) {
      happened.add(event);
      for (const listener of listeners[event] ?? []) safely(listener);
    }

    return app;
  }

  // A network may take grey pictures: then the brightness, weighted as the eye sees it.
  function channels(pixels, count) {
    if (count === 3) return pixels;
    return Float32Array.from({ length: pixels.length / 3 }, (_, i) => {
      return 0.299 * pixels[3 * i] + 0.587 * pixels[3 * i + 1] + 0.114 * pixels[3 * i + 2];
    });
  }

  // --- tools for the parts ------------------------------------------------------------------

  function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name in element) element[name] = value;
      else element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  function button(textContent, onclick) {
    return make("button", { type: "button", textContent, onclick });
  }

  function number(x, digits = 5) {
    return `${Number(x.toPrecision(digits))}`.replace("-", "−");
  }

  function within(x, low, high) {
    return Math.min(Math.max(x, low), high);
  }

  function arrow({ key, altKey, ctrlKey, metaKey }) {
    if (altKey || ctrlKey || metaKey) return null;
    const ways = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    return ways[key] ?? null;
  }

  function under({ clientX, clientY }, element, [height, width]) {
    const box = element.getBoundingClientRect();
    return [
      ((clientY - box.top) / box.height) * height,
      ((clientX - box.left) / box.width) * width,
    ];
  }

  function lay(element, [height, width], top, left, rows = 1, columns = 1) {
    const percent = (part, whole) => `${(100 * part) / whole}%`;
    Object.assign(element.style, {
      ...{ top: percent(top, height), height: percent(rows, height) },
      ...{ left: percent(left, width), width: percent(columns, width) },
    });
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

  // One map of several: every so many values.
  function plane(data, units, unit) {
    const values = new Float32Array(data.length / units);
    for (let i = 0; i < values.length; i++) values[i] = data[i * units + unit];
    return values;
  }

  // The lowest and the highest of all values.
  function extent(...arrays) {
    let [low, high] = [Infinity, -Infinity];
    for (const array of arrays) {
      for (const value of array) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
    return [low, high];
  }

  // Values of [height, width] from low to high; what lies outside has the colour of the end.
  function paint(canvas, values, [height, width], palette, low, high) {
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    const painted = context.createImageData(width, height);
    const [pixels, colours] = [painted.data, palette].map(({ buffer }) => new Uint32Array(buffer));
    const scale = 255 / (high - low || 1);
    // Past the last value there is no number, and so no colour.
    for (let i = 0; i < pixels.length; i++) {
      pixels[i] = colours[Math.round(within((values[i] - low) * scale, 0, 255))];
    }
    context.putImageData(painted, 0, 0);
  }

  function portray(canvas, { pixels, shape: [height, width] }) {
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    const painted = context.createImageData(width, height);
    painted.data.fill(255);
    pixels.forEach((value, i) => (painted.data[i + Math.floor(i / 3)] = value));
    context.putImageData(painted, 0, 0);
  }
})();
