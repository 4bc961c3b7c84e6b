// Change the weights, and the answer follows. What is changed is listed, and can be undone.
playground.part((app) => {
  "use strict";
  if (app.small) return;
  const { make, number, paint, button, refill, inputOf, channelName, arithmetic } = playground;
  // By network: its changes by key, and the layers as they came.
  const known = new WeakMap();
  const place = app.place("edit");
  const list = make("ul", { className: "edits" });
  app.place("model").append(list);
  app.on("selection", show);
  app.on("result", show);

  app.edits = (model) => {
    if (!known.has(model)) known.set(model, { edits: new Map(), trained: new Map() });
    return known.get(model).edits;
  };

  // Make a change { words, layer, change } under a key, or undo what is there: `change(layer)`
  // writes into the layer's arrays.
  app.edit = (model, key, edit) => {
    const edits = app.edits(model);
    if (!edit && !edits.has(key)) return;
    const { trained } = known.get(model);
    edits.delete(key);
    if (edit) edits.set(key, edit);
    // What was measured was another network.
    model.note = edits.size ? " It was changed: the record is not of this network." : undefined;
    if (edit && !trained.has(edit.layer)) trained.set(edit.layer, { ...edit.layer });
    // Anew from the trained arrays, for one change may lie over another.
    for (const [layer, { kernel, bias, scale }] of trained) {
      layer.kernel = kernel && { ...kernel, data: kernel.data.slice() };
      layer.bias = bias?.slice();
      layer.scale = scale?.slice();
    }
    for (const { layer, change } of edits.values()) change(layer);
    app.models.forEach((each, side) => {
      if (each !== model) return;
      app.spares[side]?.replace(model);
      app.edited(side);
    });
  };

  function show() {
    if (!app.results.length) return;
    const entries = app.models.flatMap((model) =>
      [...app.edits(model)].map(([key, { words }]) => ({ model, key, words })),
    );
    const undo = (undone) => () => undone.forEach(({ model, key }) => app.edit(model, key));
    const items = entries.map((entry) =>
      make("li", {}, `${entry.model.title}: ${entry.words} `, button("Undo", undo([entry]))),
    );
    if (items.length > 1) items.push(make("li", {}, button("Undo all", undo(entries))));
    refill(list, ...items);
    refill(place, ...(app.selection ? tools(app.selection) : []));
  }

  function tools({ side, layer: i, at, channel }) {
    const layer = app.models[side].layers[i];
    if (!layer.kernel) return [];
    const input = inputOf(app, side, i);
    // The one that `inspect.js` chooses, too.
    channel ??= arithmetic.explain(layer, input, app.results[side][i], at).channel;
    const unit = at.at(-1);
    const name = `${layer.name}, ${at.length > 1 ? "map" : "unit"} ${unit}`;
    const put = (words, change, key = words) =>
      app.edit(app.models[side], key, change && { words, layer, change });
    const toggle = (words, change) => {
      const checked = app.edits(app.models[side]).has(words);
      const onchange = ({ target }) => put(words, target.checked && change);
      return make("label", {}, make("input", { type: "checkbox", checked, onchange }), ` ${words}`);
    };
    // The weights of a unit, all or those of one channel: every so many from the first.
    const silence = ({ kernel }, first, count) => {
      const units = kernel.shape.at(-1);
      for (let k = first; k < kernel.data.length / units; k += count) {
        kernel.data[k * units + unit] = 0;
      }
    };
    const off = toggle(`${name} switched off`, (changed) => {
      silence(changed, 0, 1);
      changed.bias?.fill(0, unit, unit + 1);
    });
    if (layer.kernel.shape.length < 4) return [off];
    const kernelOff = toggle(
      `${name}, its kernel for ${channelName(app.models[side], i, channel)} switched off`,
      (changed) => silence(changed, channel, layer.kernel.shape[2]),
    );
    return [off, kernelOff, ...epochs(side, i, at, channel, input, put)];
  }

  // The first layer's kernels on the way of the training, and what this neuron would be with each.
  function epochs(side, i, at, channel, input, put) {
    const { record, layers } = app.models[side];
    const layer = layers[i];
    if (!record?.filters || layer !== layers.find(({ kernel }) => kernel)) return [];
    const { epochs, kernels } = record.filters;
    const [, columns, count] = layer.kernel.shape;
    const each = kernels.map((kernel, n) => {
      const other = { ...layer, kernel };
      const { terms, score } = arithmetic.explain(other, input, app.results[side][i], at);
      const weights = terms.filter(({ k }) => k % count === channel).map(({ w }) => w);
      const limit = Math.max(...weights.map(Math.abs));
      const canvas = make("canvas");
      paint(canvas, weights, [weights.length / columns, columns], app.palette, -limit, limit);
      const words = `${layer.name}: kernels of epoch ${epochs[n]}`;
      // The last are the model's own: then there is nothing to change.
      const change = n < kernels.length - 1 && ((changed) => changed.kernel.data.set(kernel.data));
      const use = button("Put in", () => put(words, change, "epoch"));
      use.ariaLabel = `Put in all kernels of epoch ${epochs[n]}`;
      return make("div", {}, canvas, `Epoch ${epochs[n]}: ${number(score, 3)} `, use);
    });
    const name = channelName(app.models[side], i, channel);
    const told = `Its kernel for ${name} during training; its score here, with today's bias:`;
    return [make("p", { textContent: told }), make("div", { className: "epochs" }, ...each)];
  }
});
