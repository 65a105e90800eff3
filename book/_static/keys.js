// @ts-check
// The arrow keys lead to the next and the previous chapter, where they have nothing else to do.

const CHAPTER = { ArrowLeft: "prev", ArrowRight: "next" };
const BUSY = "input, textarea, select, button, audio, [tabindex], [contenteditable]";

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target instanceof Element && event.target.closest(BUSY)) return;
  /** @type {HTMLLinkElement | null} */
  const chapter = document.querySelector(`link[rel="${CHAPTER[event.key]}"]`);
  if (chapter) location.href = chapter.href;
});
