// @ts-check
// Raise d; see a query's scores spread and its softmax harden, and what a divisor does about it.
import { keysThatShare, softmax, spread } from "./math.js";
import { element, enhance, slider } from "./panel.js";

const DIVISORS = { raw: () => 1, "÷ √d": (d) => Math.sqrt(d), "÷ d": (d) => d };

// scores: for each query and each width the raw ones, of as many first entries of the same vectors
enhance("scale", (panel, { widths, scores, at }, say) => {
  const n = scores[0][0].length;
  const reach = 10 * Math.ceil(Math.max(...scores.flat(2).map(Math.abs)) / 10);
  const range = { min: 0, max: widths.length - 1, step: 1, value: widths.indexOf(at) };
  const width = slider("d", range, (v) => String(widths[v]), draw);
  const divisors = Object.keys(DIVISORS).map((name) =>
    element("input", { type: "radio", name: "scale-divisor", value: name, onchange: draw }),
  );
  const marks = Array.from({ length: n }, () => element("span"));
  const bars = Array.from({ length: n }, () => element("span"));
  const spreads = element("span", { className: "panel-number" });
  const most = element("span", { className: "panel-number" });
  let query = 0;
  build();
  restart();

  function build() {
    const choice = element("div", { className: "panel-foot", role: "radiogroup", ariaLabel: "scores" });
    for (const input of divisors) choice.append(element("label", { className: "scale-choice" }, input, input.value));
    const another = element("button", { type: "button", onclick: next }, "Another query");
    const reset = element("button", { type: "button", onclick: restart }, "Start again");
    panel.append(
      element("div", { className: "panel-slider" }, width.label, width.input, width.output),
      choice,
      element("p", { className: "panel-head scale-head" }, `scores of one query with ${n} keys, spread `, spreads),
      element("div", { className: "scale-strip", ariaHidden: "true" }, ...marks),
      element("div", { className: "scale-ends panel-head", ariaHidden: "true" }, ...[-reach, 0, reach].map((x) => element("span", {}, String(x).replace("-", "−")))),
      element("p", { className: "panel-head scale-head" }, "weights from 0 to 1, the largest ", most),
      element("div", { className: "scale-bars", ariaHidden: "true" }, ...bars),
      element("div", { className: "panel-foot" }, another, reset),
    );
  }

  function next() {
    query = (query + 1) % scores.length;
    draw();
  }

  function restart() {
    query = 0;
    width.set(range.value);
    divisors[0].checked = true;
    draw();
  }

  function draw() {
    const place = width.input.valueAsNumber;
    const name = divisors.find(({ checked }) => checked).value;
    const divided = scores[query][place].map((score) => score / DIVISORS[name](widths[place]));
    const weights = softmax(divided);
    divided.forEach((score, i) => (marks[i].style.left = `${50 + (50 * score) / reach}%`));
    weights.forEach((weight, i) => (bars[i].style.height = `${100 * weight}%`));
    spreads.textContent = spread(divided).toFixed(2);
    most.textContent = Math.max(...weights).toFixed(2);
    const few = keysThatShare(weights, 0.5);
    const half = few === 1 ? "One key has" : `${few} keys share`;
    say(`At d = ${widths[place]}, ${name}: the scores spread by ${spreads.textContent}. ${half} half of the weight or more; the largest weight is ${most.textContent}.`);
  }
});
