// What may happen to a picture { pixels, shape: [height, width] } before a network sees it. The
// settings are numbers; where all are 0, the picture stays as it is.
playground.disturbed = (() => {
  "use strict";

  function disturbed(image, settings) {
    const { brightness, noise, seed, blocks } = settings;
    const random = normals(seed);
    const pixels = moved(image, settings).map((x) => clipped(x + brightness + noise * random()));
    return { ...image, pixels: blocks ? coarse(pixels, image.shape, blocks) : pixels };
  }

  function clipped(value) {
    return playground.within(value, 0, 255);
  }

  // Mirror, turn clockwise (degrees), zoom (percent) and shift (pixels). As in augmentation.py,
  // each pixel is looked up between four of the picture, and what lies outside is its reflection.
  function moved({ pixels, shape: [height, width] }, { mirror, turn, zoom, right, down }) {
    const [middleY, middleX] = [(height - 1) / 2, (width - 1) / 2];
    const [angle, scale] = [(-turn * Math.PI) / 180, 1 + zoom / 100];
    const [cos, sin] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
    const output = new Float32Array(pixels.length);
    for (let i = 0; i < height * width; i++) {
      const [v, u] = [Math.floor(i / width) - down - middleY, (i % width) - right - middleX];
      const x = (mirror ? -1 : 1) * (cos * u - sin * v) + middleX;
      const y = sin * u + cos * v + middleY;
      for (const row of [Math.floor(y), Math.floor(y) + 1]) {
        for (const column of [Math.floor(x), Math.floor(x) + 1]) {
          const share = (1 - Math.abs(y - row)) * (1 - Math.abs(x - column));
          const from = reflected(row, height) * width + reflected(column, width);
          for (let c = 0; c < 3; c++) output[3 * i + c] += share * pixels[3 * from + c];
        }
      }
    }
    return output;
  }

  function reflected(i, length) {
    const place = ((i % (2 * length)) + 2 * length) % (2 * length);
    return Math.min(place, 2 * length - 1 - place);
  }

  // Normally distributed numbers that a seed decides: xorshift (Marsaglia), then Box and Muller.
  function normals(seed) {
    let state = Math.imul(seed + 1, 0x9e3779b1);
    const uniform = () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return ((state >>> 0) + 0.5) / 2 ** 32;
    };
    return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  }

  // As in JPEG, blocks of 8 × 8 pixels become waves, and each wave a multiple of a step: the finer
  // the wave, the larger its step. JPEG itself has a table of steps, and sets the colours apart.
  function coarse(pixels, [height, width], strength) {
    const output = pixels.slice();
    for (let top = 0; top < height; top += 8) {
      for (let left = 0; left < width; left += 8) {
        for (let c = 0; c < 3; c++) {
          // A block that sticks out repeats the last row and column.
          const places = WAVES.map((_, i) => {
            const y = Math.min(top + (i >> 3), height - 1);
            return 3 * (y * width + Math.min(left + (i & 7), width - 1)) + c;
          });
          const waves = cosine(
            places.map((place) => pixels[place]),
            (k, j) => WAVES[8 * k + j],
          );
          const kept = waves.map((wave, i) => {
            const step = strength * (1 + (i >> 3) + (i & 7));
            return Math.round(wave / step) * step;
          });
          const values = cosine(kept, (k, j) => WAVES[8 * j + k]);
          // Backwards, so that the true pixels are written last.
          for (let i = 63; i >= 0; i--) output[places[i]] = clipped(values[i]);
        }
      }
    }
    return output;
  }

  // Weigh the rows of a block by the waves and turn it over its diagonal; twice, it is upright.
  function cosine(block, wave) {
    const once = (values) =>
      values.map((_, i) => {
        const row = values.slice(8 * (i & 7), 8 * (i & 7) + 8);
        return row.reduce((sum, value, j) => sum + value * wave(i >> 3, j), 0);
      });
    return once(once(block));
  }

  // The discrete cosine transform: row k is the k-th wave over 8 pixels.
  const WAVES = Array.from({ length: 64 }, (_, i) => {
    const [k, j] = [i >> 3, i & 7];
    return Math.sqrt(k ? 1 / 4 : 1 / 8) * Math.cos(((2 * j + 1) * k * Math.PI) / 16);
  });

  return disturbed;
})();
