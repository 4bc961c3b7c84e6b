// Makes the steppers of a page move: a window over an image, or frames that take turns. Python
// wrote each figure with its last step; that one stays for paper, a copy of it gets the controls.
// The script comes with every figure, as a notebook may show each output in a frame of its own,
// and starts only the figures that do not move yet.
(() => {
  for (const figure of document.querySelectorAll(".cnn-stepper:not(.live)")) start(figure);

  function start(figure) {
    let step = 0;
    let timer = null;
    const { steps, columns, move, playing } = JSON.parse(figure.querySelector("script").textContent);
    // A single step is there already, and nothing could be played.
    if (steps.length < 2) return;
    const paper = figure.querySelector(".on-paper");
    const screen = paper.cloneNode(true);
    screen.className = "on-screen";
    // An id must not be there twice, and what is not on the screen clips nothing.
    screen.innerHTML = screen.innerHTML.replace(/( id="|href="#|url\(#)/g, "$1screen-");
    const controls = make("div", { className: "controls" });
    screen.append(controls);
    paper.after(screen);
    figure.classList.add("live");

    const slider = make("input", { type: "range", min: 1, max: steps.length });
    slider.setAttribute("aria-label", "Step");
    const speed = make("select");
    for (const rate of [0.5, 1, 2, 4]) speed.append(new Option(`${rate} a second`, rate));
    speed.value = 1;
    const speedLabel = make("label", { textContent: "Speed " });
    speedLabel.append(speed);
    const play = button("Play", toggle);
    controls.append(
      button("First", () => go(0)),
      button("Previous", () => go(step - 1)),
      play,
      button("Next", () => go(step + 1)),
      button("Last", () => go(steps.length - 1)),
      slider,
      speedLabel,
      make("span", { className: "hint", textContent: "Keys: arrows step, space plays and pauses." }),
    );

    const part = (name) => screen.querySelector(name);
    const frames = screen.querySelectorAll(".frame");
    const cells = screen.querySelectorAll(".cells text");
    const results = screen.querySelectorAll(".results text");
    part(".sentence").setAttribute("role", "status");

    slider.addEventListener("input", () => go(slider.value - 1));
    speed.addEventListener("change", () => timer && (pause(), toggle()));
    figure.addEventListener("keydown", onKey);
    show();
    if (playing && !matchMedia("(prefers-reduced-motion: reduce)").matches) toggle();

    function show() {
      if (frames.length) showFrame();
      else showWindow();
      part(".sentence").textContent = steps[step].at(-1);
      slider.value = step + 1;
      slider.setAttribute("aria-valuetext", `${step + 1} of ${steps.length}`);
    }

    function showFrame() {
      frames.forEach((frame, i) => (frame.hidden = i !== step));
    }

    function showWindow() {
      const [values, result] = steps[step];
      const [row, column] = [Math.floor(step / columns), step % columns];
      shift(part(".window"), column * move[1], row * move[0]);
      shift(part(".place"), column * move[2], row * move[2]);
      cells.forEach((cell, i) => (cell.textContent = values[i]));
      results.forEach((text, i) => (text.style.visibility = i <= step ? "visible" : "hidden"));
      part(".result").textContent = result;
    }

    function go(to) {
      pause();
      step = Math.min(Math.max(to, 0), steps.length - 1);
      show();
    }

    function toggle() {
      if (timer) return pause();
      if (step === steps.length - 1) go(0);
      play.textContent = "Pause";
      // What moves by itself is not read out step by step.
      part(".sentence").setAttribute("aria-live", "off");
      timer = setInterval(() => {
        // A figure that a notebook has thrown away must not tick on.
        if (!figure.isConnected) return pause();
        step += 1;
        show();
        if (step === steps.length - 1) pause();
      }, 1000 / speed.value);
    }

    function pause() {
      clearInterval(timer);
      timer = null;
      part(".sentence").setAttribute("aria-live", "polite");
      play.textContent = "Play";
    }

    function onKey(event) {
      const { target, key } = event;
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      // Arrows choose a speed, Space presses a button, Up is more on a slider: these keep their keys.
      if (target.matches("select")) return;
      if (key === " " && target.matches("button, summary, a")) return;
      if (target === slider && ["ArrowUp", "ArrowDown"].includes(key)) return;
      const action = {
        ArrowRight: () => go(step + 1),
        ArrowDown: () => go(step + 1),
        ArrowLeft: () => go(step - 1),
        ArrowUp: () => go(step - 1),
        Home: () => go(0),
        End: () => go(steps.length - 1),
        " ": toggle,
      }[key];
      if (!action) return;
      event.preventDefault();
      // JupyterLab and the page's theme have arrow keys of their own.
      event.stopPropagation();
      action();
    }
  }

  function shift(element, x, y) {
    element.style.transform = `translate(${x}px, ${y}px)`;
  }

  function make(tag, properties) {
    return Object.assign(document.createElement(tag), properties);
  }

  function button(name, action) {
    const element = make("button", { type: "button", textContent: name });
    element.addEventListener("click", action);
    return element;
  }
})();
