// The picture: a sample, the reader's own file, a drawing, or the camera. All of it stays in the
// page: nothing here, or anywhere in the playground, sends anything.
playground.part((app) => {
  "use strict";
  const { make, button, within, arrow, under, lay, portray } = playground;
  const LARGEST = 40e6;
  // Safari on a phone paints nothing on a larger canvas, and does not say so.
  const LARGEST_CANVAS = 2 ** 24;
  const place = app.place("input");

  const canvas = make("canvas", { role: "img" });
  const cursor = make("div", { className: "pin", hidden: true });
  const video = make("video", { hidden: true, muted: true, playsInline: true });
  const frame = make("div", { className: "frame" }, canvas, video, cursor);
  const title = make("p", { className: "title" });
  const samples = make("div", { className: "samples", role: "group", ariaLabel: "Samples" });
  const file = make("input", { type: "file", accept: "image/*" });
  const [draw, camera, sheet] = ["Draw", "Camera", "White sheet"].map((text) => button(text));
  const colour = make("input", { type: "color", value: "#d55e00", ariaLabel: "Colour" });
  const size = make("input", { type: "range", min: 0.5, max: 5, step: 0.5, ariaLabel: "Brush" });
  const tools = make("div", { className: "tools", hidden: true }, colour, size, sheet);
  tools.append(hint("Paint by pointer, or by arrow keys and Space. Disturbances show later."));
  const own = make("label", { className: "button" }, "Your file", file);
  place.append(frame, title, samples, make("div", { className: "controls" }, own, draw, camera));
  place.append(tools, hint("Or drop or paste a picture. Nothing leaves your machine."));
  draw.ariaPressed = "false";
  size.value = 1;

  // A chapter may bring pictures of its own, where it was built with a dataset.
  const more = [...document.querySelectorAll("script.cnn-samples")];
  const all = [app.data.samples, ...more.map(({ textContent }) => JSON.parse(textContent))].flat();
  let first = null;
  for (const { name, label, src, truth } of all) {
    const sample = make(
      "button",
      { type: "button", title: label },
      make("img", { src, alt: label }),
    );
    sample.addEventListener("click", () => open(src, label, truth));
    samples.append(sample);
    if (name === app.root.dataset.sample) first = sample;
  }

  // The picture as it came, for a network that takes another size.
  let source = null;
  // The number of the last choice: what was chosen before it may be opened later, and is let go.
  let latest = 0;
  let brush = [16, 16];

  app.on("model", () => {
    if (!source) (first ?? samples.firstChild).click();
    else if (`${app.original?.shape}` !== `${app.shape}`)
      fit(app.original?.name, app.original?.truth);
  });
  app.on("image", show);

  function hint(textContent) {
    return make("p", { className: "hint", textContent });
  }

  function take(pixels, name, truth) {
    stopCamera();
    latest++;
    source = pixels;
    fit(name, truth);
  }

  function fit(name, truth) {
    const [height, width] = app.shape;
    app.setImage(resample(resample(source, width), height).data, name, truth, source);
  }

  function show() {
    portray(canvas, drawing() ? app.original : app.image);
    canvas.ariaLabel = `${app.original.name}, ${canvas.width} × ${canvas.height} pixels`;
    title.textContent = app.original.name;
    for (const sample of samples.children) {
      sample.ariaPressed = `${sample.title === app.original.name}`;
    }
  }

  // --- one's own file -----------------------------------------------------------------------

  file.addEventListener("change", () => openFile(file.files));
  // Anywhere in the playground: beside it, the browser would leave the page for the file.
  app.root.addEventListener("dragover", (event) => event.preventDefault());
  app.root.addEventListener("drop", (event) => {
    event.preventDefault();
    openFile(event.dataTransfer.files);
  });
  // What is copied from a table is text and a picture: a field takes the text.
  document.addEventListener("paste", ({ target, clipboardData }) => {
    if (!target.matches(":read-write")) openFile(clipboardData.files);
  });

  async function openFile([chosen]) {
    // Before there is a network, no size is known.
    if (!chosen || !app.models.length) return;
    const url = URL.createObjectURL(chosen);
    await open(url, chosen.name, null, chosen);
    URL.revokeObjectURL(url);
    file.value = "";
  }

  async function open(url, name, truth, blob) {
    const mine = ++latest;
    try {
      const pixels = await opened(url, blob);
      if (mine === latest) take(pixels, name, truth);
    } catch (error) {
      if (mine === latest) app.complain(`${name} ${error.message}`);
    }
  }

  // The pixels of a picture: upright, what is transparent on white, of an animation the first.
  async function opened(url, blob) {
    const picture = new Image();
    await new Promise((resolve, reject) => {
      picture.onload = resolve;
      picture.onerror = () => reject(new Error("is not a picture that this browser can read."));
      picture.src = url;
    });
    const { naturalWidth: width, naturalHeight: height } = picture;
    // Only the file's head was read so far: a small file may unpack to more than the memory holds.
    if (!(width * height <= LARGEST)) {
      throw new Error(
        `has ${width} × ${height} pixels. This page takes at most ${LARGEST / 1e6} million.`,
      );
    }
    // Unlike an element, a bitmap is never made of half a file.
    const whole =
      blob &&
      createImageBitmap(blob).catch(() => {
        throw new Error("cannot be decoded: damaged, SVG, or unknown here.");
      });
    return pixelsOf((await whole) ?? picture, width, height);
  }

  function pixelsOf(picture, ...size) {
    const share = Math.min(Math.sqrt(LARGEST_CANVAS / (size[0] * size[1])), 1);
    const [width, height] = size.map((length) => Math.floor(length * share));
    const context = make("canvas", { width, height }).getContext("2d", {
      willReadFrequently: true,
    });
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, height);
    context.drawImage(picture, 0, 0, width, height);
    picture.close?.();
    const { data } = context.getImageData(0, 0, width, height);
    // Not even the white was painted.
    if (data.at(-1) < 255) throw new Error("is larger than this browser can paint.");
    return { data, shape: [height, width] };
  }

  // Fit the rows of a picture into so many pixels and turn it over its diagonal; twice, it is
  // upright again. A triangle of weights, as wide as it must be to miss no pixel, as in Pillow,
  // so that a file is the same to this page and to `cnn-explainer predict`.
  function resample({ data, shape: [rows, columns] }, length) {
    const step = data.length / (rows * columns);
    const scale = columns / length;
    const reach = Math.max(scale, 1);
    const windows = Array.from({ length }, (_, i) => {
      const middle = (i + 0.5) * scale;
      const begin = Math.max(Math.round(middle - reach), 0);
      const length = Math.min(Math.round(middle + reach), columns) - begin;
      const weight = (_, k) => Math.max(1 - Math.abs(begin + k + 0.5 - middle) / reach, 0);
      const weights = Array.from({ length }, weight);
      return { begin, weights, total: weights.reduce((a, b) => a + b) };
    });
    const output = new Float32Array(length * rows * 3);
    // Plain loops, in the order in which the pixels lie: a photograph has millions of them.
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < length; i++) {
        const { begin, weights, total } = windows[i];
        for (let c = 0; c < 3; c++) {
          const from = (row * columns + begin) * step + c;
          let sum = 0;
          for (let k = 0; k < weights.length; k++) sum += weights[k] * data[from + k * step];
          output[(i * rows + row) * 3 + c] = Math.round(sum / total);
        }
      }
    }
    return { data: output, shape: [length, rows] };
  }

  // --- drawing ------------------------------------------------------------------------------

  draw.addEventListener("click", () => setDrawing(!drawing()));
  sheet.addEventListener("click", () => repaint(app.original.pixels.map(() => 255)));
  canvas.addEventListener("pointerdown", (event) => {
    if (!drawing()) return;
    canvas.setPointerCapture(event.pointerId);
    brush = under(event, canvas, app.shape);
    dab(brush);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drawing() || !event.buttons) return;
    const [from, to] = [brush, under(event, canvas, app.shape)];
    const steps = Math.ceil(2 * Math.hypot(to[0] - from[0], to[1] - from[1])) || 1;
    const share = (i) => from.map((x, axis) => x + ((to[axis] - x) * (i + 1)) / steps);
    brush = to;
    dab(...Array.from({ length: steps }, (_, i) => share(i)));
  });
  canvas.addEventListener("keydown", (event) => {
    const painting = event.key === " ";
    const step = painting ? [0, 0] : arrow(event);
    if (!drawing() || !step) return;
    event.preventDefault();
    brush = brush.map(
      (x, axis) => within(Math.floor(x) + step[axis], 0, app.shape[axis] - 1) + 0.5,
    );
    if (painting) dab(brush);
    const place = `Row ${Math.ceil(brush[0])}, column ${Math.ceil(brush[1])}`;
    app.announce(painting ? `${place}, painted` : place);
    pin();
  });

  function drawing() {
    return !tools.hidden;
  }

  function setDrawing(on) {
    stopCamera();
    tools.hidden = cursor.hidden = !on;
    draw.ariaPressed = `${on}`;
    canvas.tabIndex = on ? 0 : -1;
    // A screen reader leaves the arrow keys to an application alone.
    canvas.setAttribute("role", on ? "application" : "img");
    pin();
    show();
  }

  function pin() {
    lay(cursor, app.shape, ...brush.map(Math.floor));
  }

  function dab(...places) {
    const pixels = app.original.pixels.slice();
    const [height, width] = app.shape;
    const paint = colour.value.match(/[^#]{2}/g).map((digits) => parseInt(digits, 16));
    const near = (y, x) => places.some((at) => Math.hypot(y - at[0], x - at[1]) <= size.value);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (near(y + 0.5, x + 0.5)) pixels.set(paint, 3 * (y * width + x));
      }
    }
    repaint(pixels);
  }

  function repaint(pixels) {
    stopCamera();
    latest++;
    source = { data: pixels, shape: app.shape };
    app.setImage(pixels, "Drawing");
    show();
  }

  // --- the camera ---------------------------------------------------------------------------

  camera.addEventListener("click", async () => {
    if (video.srcObject) {
      const { videoWidth, videoHeight } = video;
      // It may not have come yet.
      if (videoWidth) take(pixelsOf(video, videoWidth, videoHeight), "Camera");
      return;
    }
    const mine = ++latest;
    camera.disabled = true;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: true });
      // While the reader was asked, another picture was chosen.
      if (mine !== latest) return stop(stream);
      video.srcObject = stream;
      await video.play();
      video.hidden = false;
      camera.textContent = "Take the picture";
    } catch (error) {
      if (mine !== latest) return;
      stopCamera();
      app.complain(`The camera gives no picture: ${error.message}`);
    } finally {
      camera.disabled = false;
      // The browser takes the focus from what is disabled.
      if (mine === latest) camera.focus();
    }
  });

  function stop(stream) {
    for (const track of stream?.getTracks() ?? []) track.stop();
  }

  function stopCamera() {
    // The answer to a question that is still open comes too late.
    if (camera.disabled) latest++;
    stop(video.srcObject);
    video.srcObject = null;
    video.hidden = true;
    camera.textContent = "Camera";
  }
});
