// @ts-check
// Choose the word that asks, and the head that answers; see where it looks.
import { drawn, element, enhance } from "./panel.js";

// In units of the picture; as in _ext/figures/arcs.py, where they are inches and points.
const LETTER = 8.2;
const BETWEEN = 18;
const HEIGHT = 118;
const LEAST = 0.02; // a weight below this is not drawn
const WIDEST = 7;

enhance("arcs", (panel, { words, query, heads }, say) => {
  const widths = words.map((word) => Math.max(word.length, 3) * LETTER + BETWEEN);
  const total = widths.reduce((sum, width) => sum + width, 0);
  const centres = widths.map((width, i) => widths.slice(0, i).reduce((sum, w) => sum + w, width / 2));
  const picture = drawn("svg", { class: "arcs", viewBox: `0 0 ${total} ${HEIGHT}`, "aria-hidden": "true" });
  const numbers = words.map(() => element("span", { className: "arcs-number", ariaHidden: "true" }));

  const asking = choice("Which word asks?", "arcs-words", words, query);
  asking.box.style.gridTemplateColumns = widths.map((width) => `minmax(0, ${width}fr)`).join(" ");
  asking.box.append(...numbers);
  const reading = choice("Which head answers?", "arcs-heads", heads.map(({ name }) => name), 0);
  reading.box.prepend(element("span", { className: "panel-head", ariaHidden: "true" }, "Press another word, or another head:"));
  panel.append(picture, asking.box, reading.box);
  draw();

  /** Radio buttons, of which the labels are seen: one stop for the tab key, arrows choose. */
  function choice(title, className, names, first) {
    const box = element("fieldset", { className }, element("legend", {}, title));
    const inputs = names.map((name, i) => {
      const input = element("input", { type: "radio", name: className, checked: i === first, onchange: draw });
      box.append(element("label", {}, input, element("span", {}, name)));
      return input;
    });
    return { box, chosen: () => inputs.findIndex((input) => input.checked) };
  }

  function draw() {
    const asks = asking.chosen();
    const weights = heads[reading.chosen()].weights[asks];
    const farthest = Math.max(...centres.map((centre) => Math.abs(centre - centres[asks])));
    picture.replaceChildren();
    weights.forEach((weight, i) => {
      numbers[i].textContent = weight >= LEAST ? weight.toFixed(2).replace(/^0/, "") : "";
      if (weight < LEAST) return;
      const d = arc(centres[asks], centres[i], farthest);
      const opacity = String(0.35 + 0.65 * weight);
      picture.append(drawn("path", { d, opacity, "stroke-width": String(Math.max(1, WIDEST * weight)) }));
    });
    const order = weights.map((_, i) => i).sort((a, b) => weights[b] - weights[a]);
    const told = order.slice(0, 3).filter((i) => weights[i] >= LEAST);
    const parts = told.map((i) => `${weights[i].toFixed(2)} to ${words[i]}`);
    say(`Of its weight, “${words[asks]}” gives ${parts.join(", ")}.`);
  }
});

/**
 * A half-ellipse that is the higher the farther it reaches; a loop for the word itself.
 * @param {number} start
 * @param {number} end
 * @param {number} farthest the longest reach that is drawn
 */
function arc(start, end, farthest) {
  const floor = HEIGHT - WIDEST / 2;
  if (start === end) return `M${start} ${floor}C${start - 22} ${floor - 42} ${start + 22} ${floor - 42} ${start} ${floor}`;
  const height = 25 + ((HEIGHT - 35) * Math.abs(end - start)) / farthest;
  const top = floor - Math.min((height * 4) / 3, ((floor - 2) * 4) / 3); // the curve reaches three quarters of it
  return `M${start} ${floor}C${start} ${top} ${end} ${top} ${end} ${floor}`;
}
