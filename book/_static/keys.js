// @ts-check
// The arrow keys lead to the next and the previous chapter, where they have nothing else to do:
// nothing has the focus, nothing is selected, no caret stands in the text. A box at the end of the
// page switches them off, and is kept in this browser.

const CHAPTER = { ArrowLeft: "prev", ArrowRight: "next" };
const SWITCH = "attention-arrow-keys";
/** @type {HTMLInputElement | null} */
const box = document.querySelector("#arrow-keys");

function isFree() {
  const nowhere = document.activeElement === document.body && getSelection()?.type === "None";
  return nowhere && visualViewport?.scale === 1; // enlarged by fingers, a page is moved by them
}

function showSwitch() {
  if (box) box.checked = localStorage.getItem(SWITCH) !== "off";
}

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat) return;
  /** @type {HTMLLinkElement | null} */
  const chapter = document.querySelector(`link[rel="${CHAPTER[event.key]}"]`);
  if (!chapter || !box?.checked || !isFree()) return;
  // Afterwards a caret is there if the reader walks with one (F7), which no page is told before.
  setTimeout(() => {
    if (isFree()) location.href = chapter.href;
  });
});

box?.addEventListener("change", () => {
  try {
    localStorage.setItem(SWITCH, box.checked ? "on" : "off");
  } catch {
    // full: it holds until the page is left
  }
});
addEventListener("storage", showSwitch);
addEventListener("pageshow", showSwitch); // also when a page comes back as it was left
showSwitch();
