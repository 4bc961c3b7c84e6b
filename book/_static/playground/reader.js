// The model in a file of `cnn-explainer export`, whose format is described in export.py.
//
//   const model = await cnn.load("models/lenet5-plain.js");    from the site, or from a folder
//   const model = cnn.parse(text);                             from the reader's own file
//
// A file is read as if an enemy had written it: nothing in it is run, and nothing is made before
// its size is known.
(() => {
  "use strict";
  const { ACTIVATIONS, check, places, product } = cnn;
  Object.assign(cnn, { parse, decode, load, index, receive });

  // So many numbers are the most, such as all activations together.
  const LARGEST = 2 ** 25;

  // The model in the text of a file.
  function parse(text) {
    const call = /^\s*cnn\.receive\(/.exec(text.slice(0, 100));
    const json = call ? text.slice(call[0].length, text.lastIndexOf(")")) : text;
    let object;
    try {
      object = JSON.parse(json);
    } catch (error) {
      throw new Error(`This is not a file of \`cnn-explainer export\`: ${error.message}`);
    }
    return decode(object);
  }

  // The model that a file's object describes: each of `layers` has, beside its settings, the
  // `shape` of what it gives and its `kernel` { shape, data }, `bias`, `scale` and `offset`.
  // Throws an Error that names the part, the rule and the value.
  function decode(json) {
    check(json?.format === 1, "format", "must be 1, which this page can read", json?.format);
    const { dtype } = json;
    among(FORMATS, dtype, "dtype");
    const input = sizes(json.input, 3, "input");
    const take = reader(json.weights);
    let shape = input;
    let numbers = 0;
    const layers = list(json.layers, "layers").map((given, i) => {
      try {
        among(READ, given?.type, "type");
        const [type, name] = [given.type, text(given.name, "name")];
        const layer = { name, type, ...READ[type](given, shape, take, dtype) };
        layer.activation = type in ACTIVATIONS ? type : (given.activation ?? "linear");
        among(ACTIVATIONS, layer.activation, "activation");
        shape = layer.shape;
        numbers += product(shape);
        check(numbers <= LARGEST, "shape", `must keep all activations below ${LARGEST}`, shape);
        return layer;
      } catch (error) {
        throw new Error(`Layer ${i + 1}: ${error.message}`);
      }
    });
    take.end();
    const classes = list(json.classes, "classes").map((label) => text(label, "classes"));
    const fits = shape.length === 1 && shape[0] === classes.length;
    check(fits, "classes", `must be as many as the last layer gives, ${shape}`, classes.length);
    const [name, title] = ["name", "title"].map((key) => text(json[key], key));
    const record = json.record && readRecord(json.record, layers.find(({ kernel }) => kernel));
    return { name, title, classes, input, dtype, layers, record: record ?? null };
  }

  // How each type of layer is read: its settings, its arrays and the shape of what it gives.
  const READ = {
    rescaling(given, shape) {
      const channels = shape[shape.length - 1];
      const [scale, offset] = ["scale", "offset"].map((key) => {
        const values = finite([given[key]].flat(), key);
        const right = values.length === 1 || values.length === channels;
        check(right, key, `must be a number or ${channels}`, values);
        return Float32Array.from({ length: channels }, (_, c) => values[c % values.length]);
      });
      return { shape, scale, offset };
    },
    batch_normalization(given, shape, take) {
      const each = (name) => take(shape.slice(-1), "float32", name);
      return { shape, scale: each("scale"), offset: each("offset") };
    },
    conv2d(given, shape, take, dtype) {
      const kernel = sizes(given.kernel, 4, "kernel");
      check(kernel[2] === shape[2], "kernel", `must take ${shape[2]} channels`, kernel);
      const slid = readWay(given, shape, kernel.slice(0, 2));
      return { ...slid, shape: [...slid.shape, kernel[3]], ...readWeights(given, take, dtype) };
    },
    max_pool2d: readPool,
    avg_pool2d: readPool,
    global_max_pool2d: readGlobalPool,
    global_avg_pool2d: readGlobalPool,
    dense(given, shape, take, dtype) {
      const [inputs, units] = sizes(given.kernel, 2, "kernel");
      const last = shape[shape.length - 1];
      check(inputs === last, "kernel", `must take ${last} inputs`, given.kernel);
      return { shape: [...shape.slice(0, -1), units], ...readWeights(given, take, dtype) };
    },
    flatten: (given, shape) => ({ shape: [product(shape)] }),
    ...Object.fromEntries(Object.keys(ACTIVATIONS).map((name) => [name, asBefore])),
  };

  function asBefore(given, shape) {
    return { shape };
  }

  function readPool(given, shape) {
    const size = sizes(given.size, 2, "size");
    const slid = readWay(given, shape, size);
    return { size, ...slid, shape: [...slid.shape, shape[2]] };
  }

  function readGlobalPool(given, shape) {
    const whole = readPool({ size: shape.slice(0, 2), padding: "valid" }, shape);
    return { ...whole, shape: shape.slice(2) };
  }

  function readWay({ stride = [1, 1], padding, dilation = [1, 1] }, shape, size) {
    check(shape.length === 3, "input", "must be height, width and channels", shape);
    check(["valid", "same"].includes(padding), "padding", "must be valid or same", padding);
    sizes(stride, 2, "stride");
    sizes(dilation, 2, "dilation");
    const way = { stride, padding, dilation };
    const count = places(shape, size, way);
    check(Math.min(...count) > 0, "size", `must not be larger than the image of ${shape}`, size);
    check(product([...count, ...size]) <= LARGEST, "size", "must cost less work", size);
    return { ...way, shape: count };
  }

  function readWeights({ kernel: shape, bias }, take, dtype) {
    const fine = dtype === "int8" ? "float32" : dtype;
    const channels = shape.slice(-1);
    const scale = dtype === "int8" && take(channels, fine, "kernel");
    const data = take(shape, dtype, "kernel");
    if (scale) for (let i = 0; i < data.length; i++) data[i] *= scale[i % scale.length];
    return { kernel: { shape, data }, bias: bias ? take(channels, fine, "bias") : null };
  }

  // What is known of the training. The first layer's last kernels are the model's own, and so not
  // in the file a second time.
  function readRecord({ precision, fingerprint, calibration, filters, ...numbers }, first) {
    finite(Object.values(numbers), "record");
    [precision, fingerprint].forEach((each) => text(each, "record"));
    for (const key of ["count", "confidence", "accuracy"]) {
      const { length } = finite(calibration?.[key], key);
      check(length === calibration.count.length, key, "must be as many as `count`", length);
    }
    check(first, "record", "must be that of a network with weights", null);
    const { shape } = first.kernel;
    const take = reader(filters?.data);
    const epochs = finite(filters.epochs, "epochs");
    const kernels = epochs.map(() => ({ shape, data: take(shape, "float16", "filters") }));
    take.end();
    epochs.push(numbers.epochs_done);
    // A copy, as a reader may change the model's.
    kernels.push({ shape, data: first.kernel.data.slice() });
    return { ...numbers, precision, fingerprint, calibration, filters: { epochs, kernels } };
  }

  // Bytes of a number, and how to read it.
  const FORMATS = {
    float32: [4, (buffer) => new Float32Array(buffer)],
    float16: [2, (buffer) => widened(new Uint16Array(buffer))],
    int8: [1, (buffer) => Float32Array.from(new Int8Array(buffer))],
  };

  // The values of 16-bit floats, by their bits.
  function widened(halves) {
    const bits = new Uint32Array(halves.length);
    const values = new Float32Array(bits.buffer);
    for (let i = 0; i < halves.length; i++) {
      bits[i] = ((halves[i] & 0x8000) << 16) | ((halves[i] & 0x7fff) << 13);
      // The exponents of the two formats count from 15 and from 127; the largest stands for NaN.
      values[i] *= (halves[i] & 0x7c00) === 0x7c00 ? NaN : 2 ** (127 - 15);
    }
    return values;
  }

  // Read arrays off a base64 text, one after the other.
  function reader(base64) {
    let binary;
    try {
      binary = atob(text(base64, "weights", Infinity));
    } catch {
      throw new Error("`weights` must be base64.");
    }
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
    let place = 0;
    function take(shape, format, name) {
      const [width, read] = FORMATS[format];
      const end = place + width * product(shape);
      check(end <= bytes.length, name, `must be within the ${bytes.length} bytes there are`, shape);
      const values = read(bytes.slice(place, end).buffer);
      place = end;
      return finite(values, name);
    }
    take.end = () => {
      check(place === bytes.length, "weights", `must be ${place} bytes`, bytes.length);
    };
    return take;
  }

  function sizes(value, length, name) {
    const whole = list(value, name).every((n) => Number.isInteger(n) && n >= 1 && n <= LARGEST);
    check(whole && value.length === length, name, `must be ${length} whole numbers`, value);
    return value;
  }

  function text(value, name, longest = 200) {
    const right = typeof value === "string" && value.length <= longest;
    check(right, name, `must be a text of at most ${longest} characters`, value);
    return value;
  }

  function list(value, name) {
    check(Array.isArray(value) && value.length, name, "must be a list", value);
    return value;
  }

  function finite(values, name) {
    check(Array.isArray(values) || ArrayBuffer.isView(values), name, "must be numbers", values);
    for (const value of values) {
      if (!Number.isFinite(value)) check(false, name, "must be finite numbers", value);
    }
    return values;
  }

  function among(table, key, name) {
    const right = typeof key === "string" && Object.hasOwn(table, key);
    check(right, name, `must be one of ${Object.keys(table).join(", ")}`, key);
  }

  // --- From the site ----------------------------------------------------------------------------

  // By script element, what waits for the file.
  const awaited = new WeakMap();

  // The model in a file, which is fetched as a script, so that it works from `file://` too.
  async function load(url) {
    return decode(await fetched(url));
  }

  // What `models/index.js` lists: [{ name, title, file, bytes, version, accuracy }, …].
  async function index(url) {
    return list((await fetched(url)).models, "models");
  }

  function fetched(url) {
    const script = document.createElement("script");
    return new Promise((resolve, reject) => {
      awaited.set(script, resolve);
      script.onerror = () => reject(new Error(`${url} could not be loaded.`));
      // Without effect, if the file has called `receive`.
      script.onload = () => reject(new Error(`${url} is not a file of \`cnn-explainer export\`.`));
      script.src = url;
      document.head.append(script);
    }).finally(() => script.remove());
  }

  // Called by a file.
  function receive(json) {
    awaited.get(document.currentScript)?.(json);
  }
})();
