// @ts-check
// A card beside a link shows what it leads to, while the link is pointed at or has the focus.
// It can be pointed at itself, and Escape closes it. A finger follows the link.

const PAUSE = 300; // milliseconds before a card opens, and before it closes
const GAP = 4; // pixels between a link and its card
const card = Object.assign(document.createElement("div"), {
  id: "preview",
  className: "preview",
  role: "tooltip",
  hidden: true,
});
document.body.append(card);

/** @type {HTMLAnchorElement | null} the link whose card is shown */
let shown = null;
let timer = 0;

/**
 * @param {HTMLAnchorElement} link
 * @param {number} [y] where it is pointed at: it may be broken over two lines
 */
function open(link, y) {
  close();
  const template = templateOf(link);
  if (!template) return;
  card.replaceChildren(template.content.cloneNode(true));
  card.hidden = false;
  link.setAttribute("aria-describedby", card.id);
  place(link, y);
  shown = link;
}

function close() {
  clearTimeout(timer);
  card.hidden = true;
  shown?.removeAttribute("aria-describedby");
  shown = null;
}

/** @param {() => unknown} act once nothing else has happened for a while */
function later(act) {
  clearTimeout(timer);
  timer = window.setTimeout(act, PAUSE);
}

/**
 * Put the card below the link, or above it where there is more room.
 * @param {HTMLAnchorElement} link
 * @param {number} [y]
 */
function place(link, y) {
  const lines = [...link.getClientRects()];
  const line = lines.find((line) => y && line.bottom >= y) ?? lines[0];
  const { width, height } = card.getBoundingClientRect();
  const page = document.documentElement;
  const below = line.bottom + GAP + height <= page.clientHeight || line.top < page.clientHeight / 2;
  const left = Math.max(GAP, Math.min(line.left, page.clientWidth - width - GAP));
  const top = below ? line.bottom + GAP : line.top - GAP - height;
  card.style.left = `${left + window.scrollX}px`;
  card.style.top = `${top + window.scrollY}px`;
}

/** @param {EventTarget | null} target @returns {HTMLAnchorElement | null} */
function linkAt(target) {
  const link = target instanceof Element ? target.closest("article a.internal") : null;
  return link instanceof HTMLAnchorElement && templateOf(link) ? link : null;
}

/** @param {HTMLAnchorElement} link @returns {HTMLTemplateElement | null} */
function templateOf(link) {
  const template = document.getElementById(`preview-${link.getAttribute("href")}`);
  return template instanceof HTMLTemplateElement ? template : null;
}

document.addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch") return;
  const link = linkAt(event.target);
  if (card.contains(/** @type {Node} */ (event.target)) || (link && link === shown)) {
    clearTimeout(timer);
  } else if (link) {
    later(() => open(link, event.clientY));
  } else {
    later(() => shown === document.activeElement || close());
  }
});
document.addEventListener("focusin", (event) => {
  const link = linkAt(event.target);
  if (link?.matches(":focus-visible")) open(link);
  else close();
});
document.addEventListener("focusout", close);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
});
document.addEventListener("click", (event) => {
  if (!card.contains(/** @type {Node} */ (event.target))) close();
});
