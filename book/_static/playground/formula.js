// The formula of a chosen neuron, in symbols and in numbers. What a symbol stands for is linked with
// it, here and in the tables: they light up together.
playground.formula = (() => {
  "use strict";
  const { BENDS, make, number } = playground;
  const SYMBOLS = {
    x: "what comes in",
    w: "weights",
    Σ: "sum",
    b: "bias",
    z: "score",
    "e^z": "e to the power of the score",
    s: "scale",
    t: "offset",
    n: "pixels in the window",
    y: "what goes out",
  };

  // A paragraph for each line; `learnt` makes what stands in the place of the bias.
  function written(told, learnt) {
    return lines(told).map((line) => make("p", {}, ...linked(line, learnt)));
  }

  // {symbol} or {symbol:number}.
  function lines({ layer, inside, winner, output, place, sum, bias, value, unit }) {
    const bend = BENDS[layer.activation];
    const bent = (text) => (bend ? `${bend}(${text})` : text);
    const both = (symbols, numbers) => [
      `{y} = ${bent(symbols)}`,
      `{y:${number(value)}} = ${bent(numbers)}`,
    ];
    const x = `{x:${number(inside[0].x)}}`;
    const share = "{y} = {e^z} / {Σ} {e^z}";
    if (layer.kernel) {
      const sums = ["{Σ} {x}·{w}", `{Σ:${number(sum)}}`];
      if (layer.bias) {
        sums[0] += " + {b}";
        sums[1] += ` + {b:${number(bias)}}`;
      }
      if (layer.activation !== "softmax") return both(...sums);
      return [`{z} = ${sums[0]}`, `{z:${number(output.logits[place])}} = ${sums[1]}`, share];
    }
    if (layer.type === "softmax") return [share];
    if (layer.type.includes("max")) return both("max {x}", `max(…, {x:${number(winner.x)}}, …)`);
    if (layer.size) return both("{Σ} {x} / {n}", `{Σ:${number(sum)}} / {n:${inside.length}}`);
    if (!layer.scale) return both("{x}", x);
    return both(
      "{x}·{s} + {t}",
      `${x}·{s:${number(layer.scale[unit])}} + {t:${number(layer.offset[unit])}}`,
    );
  }

  function linked(line, learnt) {
    return line.split(/[{}]/).map((piece, i) => {
      const [symbol, shown] = piece.split(":");
      if (i % 2 === 0) return piece;
      if (shown) return cell("span", symbol, symbol === "b" ? learnt(shown) : shown);
      const title = SYMBOLS[symbol];
      return Object.assign(cell("button", symbol, ...raised(symbol)), {
        type: "button",
        ariaLabel: `${symbol}, ${title}`,
        title,
      });
    });
  }

  // An element that stands for a symbol.
  function cell(tag, symbol, ...content) {
    return make(tag, { "data-symbol": symbol }, ...content);
  }

  function raised(symbol) {
    const [base, power] = symbol.split("^");
    return power ? [base, make("sup", { textContent: power })] : [base];
  }

  // In this element, what belongs to the symbol under the pointer or in focus lights up.
  function link(element) {
    const light = ({ target }) => {
      const symbol = target.closest("[data-symbol]")?.dataset.symbol;
      for (const each of element.querySelectorAll("[data-symbol]")) {
        each.classList.toggle("lit", each.dataset.symbol === symbol);
      }
    };
    for (const type of ["pointerover", "focusin", "pointerleave"]) {
      element.addEventListener(type, light);
    }
  }

  return { written, cell, raised, link };
})();
