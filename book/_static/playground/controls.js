// What several of the later parts need.
Object.assign(playground, {
  // Children anew; the focus goes to what stands in the place of what had it.
  refill(element, ...children) {
    const fields = () => [...element.querySelectorAll("input, button, select")];
    const focused = fields().indexOf(document.activeElement);
    element.replaceChildren(...children);
    element.tabIndex = -1;
    if (focused >= 0) (fields()[focused] ?? fields().at(-1) ?? element).focus();
  },

  // What comes into a layer.
  inputOf({ models, results, image }, side, layer) {
    const shape = models[side].input;
    const picture = () => ({
      name: "picture",
      shape,
      data: playground.channels(image.pixels, shape[2]),
    });
    return results[side][layer - 1] ?? picture();
  },

  // A channel of it.
  channelName({ layers, input }, layer, c) {
    const early = layers.slice(0, layer).every(({ type }) => type === "rescaling");
    return early && input[2] === 3 ? ["red", "green", "blue"][c] : `map ${c}`;
  },
});
