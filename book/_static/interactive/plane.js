// @ts-check
// Move a query among words in the plane; see scores, weights, and where the output lies.
import { dot, softmax, weightedSum } from "./math.js";
import { drawn, element, enhance, slider } from "./panel.js";

const [LEAST, MOST] = [-2, 3]; // on both axes
const [MARGIN, UNIT] = [15, 50]; // in the drawing's own units
const SIDE = 2 * MARGIN + UNIT * (MOST - LEAST);
const LARGEST = 26; // the radius of a disc that holds all the weight
const STEPS = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

enhance("plane", (panel, { words, vectors, query, axes }, say) => {
  const controls = axes.map((axis, i) =>
    slider(axis, { min: LEAST, max: MOST, step: 0.1, value: query[i] }, (v) => v.toFixed(1), draw),
  );
  const places = placesOf(words, vectors);
  const discs = places.map(() => drawn("circle", { class: "plane-weight" }));
  const arrow = drawn("path", { class: "plane-arrow" });
  const output = drawn("path", { class: "plane-output" });
  const drawing = drawn("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, "aria-hidden": "true" });
  const handle = element("div", { className: "plane-query", role: "slider", tabIndex: 0 });
  handle.ariaLabel = "query, moved by the arrow keys";
  const plane = element("div", { className: "plane" }, drawing, handle);
  const rows = words.map((word) => ({
    head: element("span", {}, word),
    score: element("span", { className: "panel-number" }),
    bar: element("span", { className: "bar" }),
    weight: element("span", { className: "panel-number" }),
  }));
  const place = element("span", { className: "plane-place" });
  build();
  draw();

  function build() {
    const [x, y] = toDrawing([0, 0]);
    drawing.append(drawn("path", { class: "plane-axes", d: `M0 ${y}H${SIDE}M${x} 0V${SIDE}` }));
    drawing.append(...discs, arrow, output);
    drawing.append(write(`${axes[0]} →`, SIDE - 6, SIDE - 8, "end"), write(`↑ ${axes[1]}`, x + 6, 16));
    for (const { word, at } of places) {
      const [left, top] = toDrawing(at);
      drawing.append(drawn("circle", { class: "plane-dot", cx: left, cy: top, r: 2.5 }), write(word, left + 7, top - 7));
    }
    const table = element("div", { className: "panel-rows plane-rows" });
    table.append(...["word", "score", "weight"].map((text) => element("span", { className: "panel-head" }, text)));
    for (const { head, score, bar, weight } of rows) {
      table.append(head, score, element("span", { className: "panel-bar" }, bar, weight));
    }
    const foot = element("div", { className: "plane-foot" });
    for (const { label, input, output } of controls) {
      foot.append(label, element("span", { className: "panel-slider" }, input, output));
    }
    const reset = element("button", { type: "button", onclick: () => move(query) }, "Start again");
    const legend = element("p", { className: "panel-head" }, "A disc's area is its weight. ◆ output ", place);
    const side = element("div", {}, table, foot, element("div", { className: "panel-foot" }, reset));
    panel.append(element("div", { className: "plane-and-rows" }, element("div", {}, plane, legend), side));
  }

  // A finger drags the handle and can scroll the page from anywhere else; a tap moves the query.
  plane.addEventListener("pointerdown", (event) => {
    if (event.button || (event.pointerType === "touch" && event.target !== handle)) return;
    plane.setPointerCapture(event.pointerId);
    follow(event);
  });
  plane.addEventListener("pointermove", (event) => plane.hasPointerCapture(event.pointerId) && follow(event));
  plane.addEventListener("click", (event) => {
    follow(event);
    handle.focus({ preventScroll: true });
  });
  handle.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    move(asked().map((x, i) => x + step[i] / 10));
  });

  function follow({ clientX, clientY }) {
    const box = drawing.getBoundingClientRect();
    const across = (clientX - box.left) / box.width;
    const down = (clientY - box.top) / box.height;
    move([(across * SIDE - MARGIN) / UNIT + LEAST, MOST - (down * SIDE - MARGIN) / UNIT]);
  }

  function asked() {
    return controls.map(({ input }) => input.valueAsNumber);
  }

  function move(to) {
    controls.forEach(({ set }, i) => set(to[i])); // which keeps it in range and on a tenth
    draw();
  }

  function draw() {
    const now = asked();
    const scores = vectors.map((key) => dot(now, key));
    const weights = softmax(scores);
    const found = weightedSum(weights, vectors);
    rows.forEach(({ score, bar, weight }, i) => {
      score.textContent = scores[i].toFixed(1);
      bar.style.width = `${100 * weights[i]}%`;
      weight.textContent = weights[i].toFixed(2);
    });
    places.forEach(({ members }, i) => {
      const held = members.reduce((total, member) => total + weights[member], 0);
      const [cx, cy] = toDrawing(places[i].at);
      for (const [name, value] of Object.entries({ cx, cy, r: LARGEST * Math.sqrt(held) })) discs[i].setAttribute(name, String(value));
    });
    const [x, y] = toDrawing(now);
    arrow.setAttribute("d", `M${toDrawing([0, 0])}L${[x, y]}`);
    handle.style.left = `${(100 * x) / SIDE}%`;
    handle.style.top = `${(100 * y) / SIDE}%`;
    handle.ariaValueMin = String(LEAST);
    handle.ariaValueMax = String(MOST);
    handle.ariaValueNow = String(now[0]); // a slider has one number, so both are in words
    handle.ariaValueText = axes.map((axis, i) => `${axis} ${now[i].toFixed(1)}`).join(", ");
    const [left, top] = toDrawing(found);
    output.setAttribute("d", `M${left} ${top - 7}l7 7l-7 7l-7 -7z`);
    place.textContent = written(found, 2);
    say(`${largest(words, weights)} The output lies at ${written(found, 2)}.`);
  }
});

/** Words with equal vectors share a place. */
function placesOf(words, vectors) {
  const places = new Map();
  vectors.forEach((at, i) => {
    const { word, members } = places.get(String(at)) ?? { members: [] };
    places.set(String(at), { at, word: word ? `${word}, ${words[i]}` : words[i], members: [...members, i] });
  });
  return [...places.values()];
}

/** Who gets most, in a sentence; several, if they get the same. */
function largest(words, weights) {
  const most = Math.max(...weights);
  const best = words.filter((_, i) => most - weights[i] < 1e-9);
  if (best.length === words.length) return `All words get the same weight, ${most.toFixed(2)}.`;
  return `The largest weight, ${most.toFixed(2)}${best.length > 1 ? " each" : ""}, goes to ${best.join(" and ")}.`;
}

/** @param {number[]} vector */
function toDrawing([x, y]) {
  return [MARGIN + UNIT * (x - LEAST), MARGIN + UNIT * (MOST - y)];
}

function written(vector, digits) {
  return `(${vector.map((x) => x.toFixed(digits)).join(", ")})`;
}

function write(text, x, y, anchor = "start") {
  const node = drawn("text", { x, y, "text-anchor": anchor });
  node.append(text);
  return node;
}
