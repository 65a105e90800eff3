// @ts-check
// Change the scores and the temperature; see the weights.
import { softmax } from "./math.js";
import { element, enhance, slider } from "./panel.js";

const WARMEST = 1.5; // log10, as in the picture
const COLDEST = -1;

enhance("softmax", (panel, { words, scores }, say) => {
  const rows = words.map((word, i) => {
    const range = { min: -3, max: 4, step: 0.1, value: scores[i] };
    const bar = element("span", { className: "bar" });
    const weight = element("span", { className: "panel-number" });
    return { ...slider(word, range, (v) => v.toFixed(1), draw), bar, weight };
  });
  const range = { min: COLDEST, max: WARMEST, step: 0.05, value: 0 };
  const warmth = slider("temperature", range, (v) => (10 ** v).toPrecision(2), draw);
  const reset = element("button", { type: "button", onclick: restart }, "Start again");

  const table = element("div", { className: "panel-rows softmax-rows" });
  table.append(...["word", "score", "weight"].map((text) => element("span", { className: "panel-head" }, text)));
  for (const { label, input, output, bar, weight } of rows) {
    const drawn = element("span", { className: "panel-bar" }, bar, weight);
    table.append(label, element("span", { className: "panel-slider" }, input, output), drawn);
  }
  const foot = element("div", { className: "panel-foot" }, warmth.label, warmth.input, warmth.output, reset);
  panel.append(table, foot);
  draw();

  function draw() {
    const weights = softmax(rows.map(({ input }) => input.valueAsNumber), 10 ** warmth.input.valueAsNumber);
    weights.forEach((weight, i) => {
      rows[i].bar.style.width = `${100 * weight}%`;
      rows[i].weight.textContent = weight.toFixed(2);
    });
    const best = weights.indexOf(Math.max(...weights));
    say(`At temperature ${warmth.output.textContent}, ${words[best]} has the largest weight, ${weights[best].toFixed(2)}.`);
  }

  function restart() {
    rows.forEach(({ set }, i) => set(scores[i]));
    warmth.set(0);
    draw();
  }
});
