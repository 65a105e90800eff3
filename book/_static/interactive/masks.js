// @ts-check
// Paint a mask; see the weights, and whose outputs change.
import { maskedSoftmax } from "./math.js";
import { element, enhance } from "./panel.js";

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const PRESETS = {
  "all may": () => true,
  causal: (i, j) => j <= i,
  "window of 2": (i, j) => Math.abs(i - j) < 2,
  "last two hidden": (i, j, n) => j < n - 2,
  "a dead row": (i) => i !== 1,
};

enhance("masks", (panel, { words, scores }, say) => {
  const n = words.length;
  let mask = scores.map((row) => row.map(() => true));
  const free = scores.map((row, i) => maskedSoftmax(row, mask[i]));
  const cells = words.map((asks, i) => words.map((answers, j) => cell(asks, answers, i, j)));
  const marks = words.map(() => element("span", { className: "mask-mark" }));

  const presets = element("div", { className: "panel-foot" });
  for (const [name, rule] of Object.entries(PRESETS)) {
    const use = () => paint((i, j) => rule(i, j, n), `The mask is now: ${name}. `);
    presets.append(element("button", { type: "button", onclick: use }, name));
  }
  const grid = element("div", { className: "mask-grid", role: "group", ariaLabel: "Mask, a row for each query" });
  grid.style.setProperty("--columns", String(n));
  grid.append(element("span"), ...words.map((word) => element("span", { className: "panel-head" }, word)), element("span"));
  words.forEach((word, i) => grid.append(element("span", { className: "panel-head" }, word), ...cells[i], marks[i]));
  const legend = element("p", { className: "panel-head" }, "Press a cell to hide it or show it again. ● the row's output has changed.");
  panel.append(presets, grid, legend);
  cells[0][0].tabIndex = 0;
  draw("");

  function cell(asks, answers, i, j) {
    const button = element("button", { type: "button", className: "mask-cell", tabIndex: -1 });
    button.addEventListener("click", () => {
      focus(i, j);
      mask[i][j] = !mask[i][j];
      draw(`${asks} ${mask[i][j] ? "may" : "may not"} attend to ${answers}. `);
    });
    button.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (!step) return;
      event.preventDefault();
      focus(Math.min(n - 1, Math.max(0, i + step[0])), Math.min(n - 1, Math.max(0, j + step[1])));
    });
    return button;
  }

  /** One cell at a time can be reached by the tab key; the arrows move from there. */
  function focus(i, j) {
    cells.flat().forEach((button) => (button.tabIndex = -1));
    cells[i][j].tabIndex = 0;
    cells[i][j].focus();
  }

  function paint(rule, words) {
    mask = scores.map((row, i) => row.map((_, j) => rule(i, j)));
    draw(words);
  }

  function draw(done) {
    const changed = [];
    const dead = [];
    scores.forEach((row, i) => {
      const weights = maskedSoftmax(row, mask[i]);
      weights.forEach((weight, j) => {
        const shown = weight.toFixed(2).replace(/^0/, "");
        cells[i][j].textContent = mask[i][j] ? shown : "×";
        cells[i][j].ariaPressed = String(mask[i][j]);
        cells[i][j].ariaLabel = `${words[i]} to ${words[j]}: ${mask[i][j] ? weight.toFixed(2) : "hidden"}`;
        cells[i][j].style.setProperty("--weight", `${Math.round(100 * weight)}%`);
        // where dark and light letters can be read equally well
        cells[i][j].classList.toggle("strong", weight > 0.655);
      });
      const differs = weights.some((weight, j) => Math.abs(weight - free[i][j]) > 1e-9);
      marks[i].textContent = differs ? "●" : "";
      if (differs) changed.push(words[i]);
      if (!mask[i].some(Boolean)) dead.push(words[i]);
    });
    const none = dead.length ? ` Nothing to attend to, so zeros: ${dead.join(", ")}.` : "";
    say(`${done}${changed.length ? `Changed: the output of ${changed.join(", ")}.` : "No output has changed."}${none}`);
  }
});
