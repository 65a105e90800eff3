// @ts-check
// Follow numbers through the split into heads and back; see what a view without the swap mixes.
import { transpose, view } from "./math.js";
import { element, enhance, stepper } from "./panel.js";

const HUES = ["token-0", "token-1", "token-2"]; // whole words: the style sheet is cut to what is named

enhance("heads", (panel, { words, x, n_heads: choices }, say) => {
  const length = words.length;
  const dModel = x[0].length;
  const numbers = x.flat();
  let nHeads = choices[1];
  let swapped = true;
  /** @type {number | null} */
  let traced = null;
  /** @type {any[][]} a list of cells for each stage, in the order in which they lie */
  let cells = [];
  /** @type {any} the one cell that the tab key reaches; the arrows move from there */
  let stop = null;

  const steps = stepper(() => draw(stagesNow()[steps.at()].says));
  const option = (text, onclick) => element("button", { type: "button", className: "panel-choice", onclick }, text);
  const counts = choices.map((n) => option(String(n), () => choose(n, swapped)));
  const wrong = option("wrong way: no swap", () => choose(nHeads, !swapped));
  const choice = element("div", { className: "panel-foot", role: "group", ariaLabel: "n_heads" });
  choice.append(element("span", {}, "n_heads"), ...counts);
  const foot = element("div", { className: "panel-foot" }, ...steps.buttons, wrong);
  const board = element("div", { className: "heads-stages" });
  const legend = element(
    "p",
    { className: "panel-head" },
    "c3, h1: number 3 of cat, which belongs to head 1. Point at a cell or press it to follow it; ",
    "arrow keys lead to its neighbours and, up and down, to the same number in another stage.",
  );
  panel.classList.add("heads-panel");
  panel.append(choice, foot, legend, board);
  build();
  steps.go(0, cells.length - 1);
  const start = `x has ${length} tokens of ${dModel} numbers.`;
  draw(`${start} Choose a number, say where it will go, then press Next.`);

  /** What stands in each stage: blocks of rows of numbers, and a sentence about them. */
  function stagesNow() {
    const headDim = dModel / nHeads;
    const named = (axes, sizes) => `(${axes}) = (${sizes.join(", ")})`;
    const whole = named("length, d_model", [length, dModel]);
    const bySplit = named("n_heads, length, head_dim", [nHeads, length, headDim]);
    const cut = view(numbers, [length, nHeads, headDim]);
    const heads = swapped ? transpose(cut) : view(numbers, [nHeads, length, headDim]);
    const merged = view((swapped ? transpose(heads) : heads).flat(2), [length, dModel]);
    const first = { name: "x", shape: whole, rows: x.map((row) => [row]), says: "x, a row for each token." };
    const last = { shape: whole, rows: merged.map((row) => [row]) };
    if (!swapped) {
      const says = `${mixture(heads)} The shape is right, and no error is raised.`;
      const hidden = "In the old order again: from here nobody sees what the heads have mixed.";
      return [
        first,
        { name: "view", shape: bySplit, blocks: heads, says },
        { ...last, name: "view back", says: hidden },
      ];
    }
    const byCut = named("length, n_heads, head_dim", [length, nHeads, headDim]);
    const says = `Each row is cut into ${nHeads} of ${headDim}. No number has moved.`;
    return [
      first,
      { name: "cut", shape: byCut, rows: cut, says },
      { name: "swap", shape: bySplit, blocks: heads, says: mixture(heads) },
      { ...last, name: "swap back, join", says: "Every number is back in its place." },
    ];
  }

  /** Which token each row of the first head comes from, and who is missing. */
  function mixture(heads) {
    const tokens = heads[0].map((row) => tokenOf(row[0]));
    const missing = words.filter((_, i) => !tokens.includes(i));
    const rows = tokens.map((i) => words[i]).join(", ");
    return missing.length
      ? `The rows of head 0 are ${rows}: nothing of ${missing.join(" or ")}.`
      : `The rows of head 0 are ${rows}: one of each token.`;
  }

  function tokenOf(number) {
    return Math.floor(numbers.indexOf(number) / dModel);
  }

  /** Where a number belongs, in words. */
  function place(number) {
    const [token, at] = [tokenOf(number), numbers.indexOf(number) % dModel];
    const headDim = dModel / nHeads;
    return { token, at, head: Math.floor(at / headDim), inHead: at % headDim };
  }

  function choose(n, swap) {
    // the wrong way has a stage less before the heads; a reader who has seen them keeps seeing them
    const seen = steps.at() >= (swapped ? 2 : 1);
    const step = steps.at() + (seen && swap !== swapped ? (swap ? 1 : -1) : 0);
    [nHeads, swapped] = [n, swap];
    build();
    steps.go(step, cells.length - 1);
    const now = stagesNow()[steps.at()];
    const alike = nHeads === 1 && !swapped ? " With one head there is nothing to swap." : "";
    draw(`${nHeads} ${nHeads === 1 ? "head" : "heads"} of ${dModel / nHeads}. ${now.says}${alike}`);
  }

  /** Lay out all stages; the cells of one that is not reached yet stay empty. */
  function build() {
    cells = [];
    board.replaceChildren(
      ...stagesNow().map(({ name, shape, rows, blocks }, s) => {
        cells.push([]);
        const written = element("span", { className: "heads-shape" }, shape);
        const title = element("p", {}, element("strong", {}, name), " ", written);
        const drawn = element("div", { className: "heads-drawn" });
        // a stage of tokens names its rows, a stage of heads its blocks
        const add = (className, name, strips) => {
          const head = element("span", { className: "panel-head" }, name);
          drawn.append(element("div", { className }, head, ...strips.map((part) => strip(part, s))));
        };
        rows?.forEach((pieces, i) => add("heads-row", words[i], pieces));
        blocks?.forEach((block, h) => add("heads-block", nHeads > 3 ? `h${h}` : `head ${h}`, block));
        drawn.classList.toggle("in-blocks", Boolean(blocks));
        return element("div", { role: "group", ariaLabel: `${name}, ${shape}` }, title, drawn);
      }),
    );
  }

  function strip(numbers, s) {
    return element("span", { className: "heads-strip" }, ...numbers.map((number) => cell(number, s)));
  }

  function cell(number, s) {
    const { token, at, head, inHead } = place(number);
    const button = element("button", { type: "button", tabIndex: -1, className: `heads-cell ${HUES[token % HUES.length]}` });
    const index = cells[s].push(button) - 1;
    button.dataset.number = number;
    const label = `${words[token][0]}${at}`;
    button.append(label, " ", element("small", {}, `h${head}`));
    button.ariaLabel = `${label} h${head}, number ${at} of ${words[token]}: head ${head}, place ${inHead}`;
    // not pointerenter: that comes, too, when the page scrolls below a mouse at rest
    for (const event of ["pointermove", "click"]) button.addEventListener(event, () => trace(number));
    button.addEventListener("focus", () => {
      stop.tabIndex = -1;
      stop = button;
      stop.tabIndex = 0;
      trace(number);
    });
    button.addEventListener("keydown", (event) => {
      const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const stage = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!side && !stage) return;
      event.preventDefault();
      const to = side
        ? cells[s][index + side]
        : cells[s + stage]?.find((other) => other.dataset.number === button.dataset.number);
      to?.focus(); // an empty one is disabled, and does not take it
    });
    return button;
  }

  function trace(number) {
    if (number === traced) return;
    traced = number;
    const { token, at, head, inHead } = place(number);
    const sentence = `Number ${at} of token ${words[token]}: head ${head}, place ${inHead}`;
    draw(`${sentence}.${astray(number)}`);
  }

  /** Where the view has put a number instead, once the reader has seen it. */
  function astray(number) {
    if (swapped || steps.at() === 0) return "";
    const headDim = dModel / nHeads;
    const index = numbers.indexOf(number);
    const row = Math.floor(index / headDim);
    return ` The view puts it into head ${Math.floor(row / length)}, row ${row % length}.`;
  }

  function draw(sentence) {
    counts.forEach((button, i) => (button.ariaPressed = String(choices[i] === nHeads)));
    wrong.ariaPressed = String(!swapped);
    cells.forEach((stage, s) =>
      stage.forEach((button) => {
        const mine = Number(button.dataset.number) === traced;
        button.disabled = s > steps.at();
        button.ariaHidden = String(button.disabled); // its name would tell where the number goes
        button.classList.toggle("traced", mine && !button.disabled);
      }),
    );
    if (!stop?.isConnected || stop.disabled) {
      if (stop) stop.tabIndex = -1;
      stop = cells[0].find((button) => Number(button.dataset.number) === traced) ?? cells[0][0];
      stop.tabIndex = 0;
    }
    say(sentence);
  }
});
