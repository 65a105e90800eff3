// @ts-check
// Read a row of scores tile by tile, from the end; see the running results, and when they are rescaled.
import { emptySoftmax, foldTile, softmax, weightedSum } from "./math.js";
import { element, enhance, slider, stepper } from "./panel.js";

enhance("online", (panel, { words, scores, values, sizes }, say) => {
  const n = words.length;
  const range = { min: 0, max: sizes.length - 1, step: 1, value: sizes.indexOf(3) };
  const size = () => sizes[tile.input.valueAsNumber];
  const tile = slider("words in a tile", range, (v) => String(sizes[v]), restart);
  const steps = stepper(draw);

  const rows = words.map((word, i) => {
    const name = element("span", { className: "online-word" }, word);
    const bar = element("span", { className: "bar" });
    const number = (text) => element("span", { className: "panel-number" }, text);
    const [score, counts, weight] = [String(scores[i]), "", ""].map(number);
    const track = element("span", { className: "panel-bar" }, bar);
    return { cells: [name, score, track, counts, weight], bar, counts, weight };
  });
  const table = element("div", { className: "panel-rows online-rows" });
  const power = element("span", {}, "counts e", element("sup", {}, "s − μ"));
  const heads = ["word", "score", power, "", "weight"];
  table.append(...heads.map((text) => element("span", { className: "panel-head" }, text)));
  rows.forEach(({ cells }) => table.append(...cells));

  const running = element("dl", { className: "online-state" });
  const found = {};
  const results = {
    m: "μ, the largest",
    rescale: "the rescale",
    l: "l, the sum",
    a: "õ, the mixture",
    output: "õ / l",
  };
  for (const [key, name] of Object.entries(results)) {
    found[key] = element("dd", {});
    running.append(element("dt", {}, name), found[key]);
  }
  const sizing = element("div", { className: "panel-foot" }, tile.label, tile.input, tile.output);
  panel.append(sizing, element("div", { className: "panel-foot" }, ...steps.buttons), table, running);
  restart();

  function restart() {
    steps.go(0, n / size());
    draw();
  }

  /** The running results after each tile, and before the first. */
  function states() {
    const all = [emptySoftmax(values[0].length)];
    for (let end = n; end > 0; end -= size()) {
      const part = [end - size(), end];
      all.push(foldTile(all[all.length - 1], scores.slice(...part), values.slice(...part)));
    }
    return all;
  }

  function draw() {
    const step = steps.at();
    const [before, now] = [states()[step - 1], states()[step]];
    const start = n - step * size(); // the first word that has been read
    const done = start === 0;
    rows.forEach(({ cells, bar, counts, weight }, i) => {
      const read = i >= start;
      const current = read && i < start + size() && step > 0;
      const count = read ? Math.exp(scores[i] - now.largest) : 0;
      cells.forEach((cell) => {
        cell.classList.toggle("current", current);
        cell.classList.toggle("ahead", !read);
      });
      bar.style.width = `${100 * count}%`;
      counts.textContent = read ? count.toFixed(3) : "";
      weight.textContent = done ? (count / now.total).toFixed(3) : "";
    });
    const rises = step > 1 && now.largest > before.largest;
    found.m.textContent = step ? `${step > 1 ? `${before.largest} → ` : ""}${now.largest}` : "none yet";
    const power = element("sup", {}, step > 1 ? `${before.largest} − ${now.largest}` : "");
    const rescale = step > 1 ? ["e", power, ` = ${now.rescale.toFixed(3)}`] : ["nothing to rescale"];
    found.rescale.replaceChildren(...rescale);
    found.l.textContent = now.total.toFixed(3);
    found.a.textContent = vector(now.mixed);
    found.output.textContent = step ? vector(now.mixed.map((a) => a / now.total)) : "none yet";
    say(sentence(step, start, rises, now));
  }

  function sentence(step, start, rises, now) {
    if (!step) return "Nothing is read yet. Will the next tiles bring a larger score? Press Next.";
    const tile = words.slice(start, start + size()).join(" ");
    const factor = now.rescale.toFixed(3);
    const moved = `The maximum rises to ${now.largest}, so what came before counts ${factor} times as much.`;
    const stays = step === 1 ? "The first tile." : "The maximum stays, and so does what came before.";
    const read = `Read: ${tile}. ${rises ? moved : stays}`;
    if (start > 0) return read;
    const output = vector(now.mixed.map((a) => a / now.total));
    const whole = vector(weightedSum(softmax(scores), values));
    return `${read} All is read: õ / l is ${output}; the softmax of all six at once gives ${whole}.`;
  }

  function vector(numbers) {
    return `(${numbers.map((x) => x.toFixed(3)).join(", ")})`;
  }
});
