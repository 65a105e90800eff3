// @ts-check
// A formula is copied once, as TeX between dollars: in the page it stands twice, as MathML for the
// ear and as letters for the eye. One that is selected in part is copied whole.

/** @param {Element} formula @returns {Element} with what centres it, if it stands by itself */
function wholeOf(formula) {
  return formula.closest(".katex-display") ?? formula;
}

/** @param {Element} formula */
function texOf(formula) {
  const dollars = formula.matches(".katex-display") ? "$$" : "$";
  return dollars + formula.querySelector("annotation")?.textContent + dollars;
}

// The browser copies, as it does elsewhere: it knows what is folded, hidden, or on the next line.
// While it does, the formulas of the page are their TeX; nothing is drawn meanwhile.
document.addEventListener("copy", () => {
  const selection = getSelection();
  if (selection?.type !== "Range") return;
  const range = selection.getRangeAt(0);
  const formulas = [...document.querySelectorAll(".katex")]
    .filter((formula) => range.intersectsNode(formula))
    .map(wholeOf);
  for (const formula of formulas) {
    if (formula.contains(range.startContainer)) range.setStartBefore(formula);
    if (formula.contains(range.endContainer)) range.setEndAfter(formula);
    const tex = document.createElement("span");
    tex.textContent = texOf(formula);
    formula.prepend(tex);
    formula.classList.add("copied");
    setTimeout(() => {
      tex.remove();
      formula.classList.remove("copied");
    });
  }
});
