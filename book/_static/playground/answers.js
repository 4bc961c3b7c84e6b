// The probabilities as bars, and what the record says of answers that are given so surely.
playground.part((app) => {
  "use strict";
  const { make } = playground;
  const place = app.place("answers");
  let reading;

  app.on("result", () => {
    const answers = app.models.map(({ title, classes, record, note }, side) => {
      const shares = cnn.probabilities(app.results[side]);
      const best = shares.indexOf(Math.max(...shares));
      const share = shares[best];
      const known = note ?? (record ? experience(record, share) : "");
      return { title, classes, known, shares, name: classes[best], share };
    });
    // Networks side by side may know different classes.
    const names = [...new Set(answers.flatMap(({ classes }) => classes))];
    place.replaceChildren(
      ...answers.map(verdict),
      make(
        "table",
        {},
        make("caption", { textContent: "Probability of each class" }),
        make("tbody", {}, ...names.map((name) => row(name, answers))),
      ),
    );
    // A slider on its way gives many answers: the last is read out.
    clearTimeout(reading);
    reading = setTimeout(() => app.announce(answers.map(short).join(" ")), 500);
  });

  function row(name, answers) {
    const given = answers.flatMap((answer, side) => (answer.name === name ? side + 1 : []));
    const remarks = given[0]
      ? [!answers[1] ? "answer" : given[1] ? "both answers" : `answer ${given}`]
      : [];
    if (app.original.truth === name) remarks.push("truth");
    const shares = answers.map(({ classes, shares }) => shares[classes.indexOf(name)]);
    return make(
      "tr",
      { className: remarks[0] ? "marked" : "" },
      make("th", { scope: "row" }, `${name} `, make("small", { textContent: remarks.join(", ") })),
      make("td", {}, ...shares.map(bar)),
      make(
        "td",
        {},
        ...shares.map((share) => make("div", { textContent: share?.toFixed(3) ?? "absent" })),
      ),
    );
  }

  // A class that a network does not know has a place, and no bar.
  function bar(share, side) {
    const known = share >= 0;
    const element = make("div", { className: known ? `bar side${side}` : "bar" });
    element.style.width = known && `${100 * share}%`;
    return element;
  }

  function verdict(answer, side) {
    const said = make("b", { className: `side${side}`, textContent: short(answer) });
    return make("p", {}, said, answer.known);
  }

  function short({ title, name, share }) {
    return `${title}: ${name}, ${share.toFixed(3)}.`;
  }

  // How often the network was right when it was as sure as it is now.
  function experience({ accuracy, calibration: { count, accuracy: right } }, share) {
    const bin = Math.min(Math.floor(share * count.length), count.length - 1);
    const range = [bin, bin + 1].map((edge) => (edge / count.length).toFixed(2)).join(" to ");
    const percent = (x) => `${(100 * x).toFixed(1)}\u00a0%`;
    const total = count.reduce((a, b) => a + b).toLocaleString("en");
    return (
      ` It was right on ${percent(accuracy)} of ${total} test pictures. ` +
      (count[bin]
        ? `Where it said ${range}, as here, it was right on ${percent(right[bin])}.`
        : `On none of them did it say ${range}, as here.`)
    );
  }
});
