// Formulas come after all else: they take longest, and meanwhile the page can be read and used.
// A few at a time, so that a click never waits for all of them.
(() => {
  const AT_ONCE = 8;
  const { src } = document.currentScript;

  addEventListener("load", () => {
    const formulas = [...document.querySelectorAll(".math")];
    if (!formulas.length) return;
    window.MathJax = { ...window.MathJax, startup: { typeset: false } };
    const script = document.createElement("script");
    script.src = src.replace("formulas.js", "tex-chtml.js");
    script.onload = () => MathJax.startup.promise.then(next);
    document.head.append(script);

    async function next() {
      await MathJax.typesetPromise(formulas.splice(0, AT_ONCE));
      if (formulas.length) setTimeout(next);
    }
  });
})();
