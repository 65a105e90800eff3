// @ts-check
// What the interactive figures share: finding their place and data, and small pieces of a panel.

/**
 * Build a figure's panel below its picture, which stays. If that fails, the picture is all there is.
 * @param {string} name as in `show(..., interactive=name)`
 * @param {(panel: HTMLElement, data: any, say: (words: string) => void) => void} build
 */
export function enhance(name, build) {
  for (const figure of document.querySelectorAll(`figure[data-interactive="${name}"]`)) {
    const data = JSON.parse(figure.querySelector("script")?.textContent ?? "{}");
    const panel = element("div", { className: "panel", role: "group", ariaLabel: "Try it" });
    const summary = element("p", { className: "panel-summary", ariaLive: "polite" });
    let timer = 0;
    /** @param {string} words read aloud once the reader pauses */
    const say = (words) => {
      summary.textContent ||= words; // at once the first time, so that nothing moves later
      clearTimeout(timer);
      timer = window.setTimeout(() => (summary.textContent = words), 300);
    };
    build(panel, data, say);
    panel.append(summary);
    figure.querySelector(".fig-scroll")?.after(panel);
  }
}

/**
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {(Node | string)[]} children
 * @returns {any}
 */
export function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/**
 * A piece of a drawing.
 * @param {string} tag of SVG
 * @param {Record<string, any>} attributes
 */
export function drawn(tag, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  return node;
}

/**
 * A slider with its label and its value.
 * @param {string} label
 * @param {{min: number, max: number, step: number, value: number}} range
 * @param {(value: number) => string} write the value in words
 * @param {() => void} changed
 * @returns {{input: HTMLInputElement, label: HTMLElement, output: HTMLOutputElement, set: (v: number) => void}}
 */
export function slider(label, range, write, changed) {
  const input = element("input", { type: "range", ...range });
  input.value = String(range.value); // after min, max and step, which would have bent it
  const output = element("output");
  const show = () => {
    output.textContent = write(input.valueAsNumber);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => (show(), changed()));
  const name = element("label", {}, label);
  input.id = name.htmlFor = `slider-${(slider.count = (slider.count ?? 0) + 1)}`;
  show();
  return { input, label: name, output, set: (v) => ((input.value = String(v)), show()) };
}

/**
 * Two buttons that lead through steps. One without effect says so and keeps the focus.
 * @param {() => void} changed
 * @returns {{buttons: HTMLElement[], at: () => number, go: (step: number, last?: number) => void}}
 *   `go` changes nothing but the step, and where the last one is
 */
export function stepper(changed) {
  let step = 0;
  let end = 0;
  const by = (way) => () => {
    const before = step;
    go(step + way);
    if (step !== before) changed();
  };
  const back = element("button", { type: "button", onclick: by(-1) }, "Back");
  const next = element("button", { type: "button", onclick: by(1) }, "Next");
  const go = (to, last = end) => {
    end = last;
    step = Math.min(end, Math.max(0, to));
    back.ariaDisabled = String(step === 0);
    next.ariaDisabled = String(step === end);
  };
  return { buttons: [back, next], at: () => step, go };
}
