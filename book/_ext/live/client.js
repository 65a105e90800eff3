// @ts-check
// Makes a served page live: cards change in place, and so does edited text. Where a script has
// made a block its own, or more than the text has changed, the page reloads where it stands.

const RETRY = 500; // milliseconds until a server that has ended is looked for again
const SCRIPTED = "script, style, template, .highlight, .panel, .card, .question, .margin";

/** The page as it was served last; what is shown of it, scripts have changed since. */
let served = source();

/** @type {Record<string, (content: any) => void>} what the server tells */
const heard = { card, reload, trouble };

/** @param {boolean} again whether something may have been missed */
function listen(again) {
  const socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/_live/events`);
  socket.addEventListener("message", (event) => {
    const { kind, ...content } = JSON.parse(event.data);
    heard[kind](content);
  });
  let opened = false;
  socket.addEventListener("open", () => {
    opened = true;
    if (again) update(true);
  });
  socket.addEventListener("close", () => setTimeout(listen, RETRY, again || opened));
}
listen(false);

/** @param {{ exercise: string, html: string }} content */
function card({ exercise, html }) {
  const card = document.querySelector(`section.card[data-exercise="${CSS.escape(exercise)}"]`);
  if (!card) return;
  card.setAttribute("aria-live", "polite");
  const fresh = document.createRange().createContextualFragment(html).firstElementChild;
  if (!fresh) return;
  // the section itself stays, so that a screen reader keeps listening to it
  card.className = fresh.className;
  card.replaceChildren(...fresh.childNodes);
}

/** @param {{ pages: string[] }} content */
function reload({ pages }) {
  const here = location.pathname.split("/").pop() || "index.html";
  if (pages.includes(here)) update(false);
}

/** @param {boolean} onlyIfNew whether a page that is served as before is left alone */
async function update(onlyIfNew) {
  const [before, after] = await Promise.all([served, (served = source())]);
  if (onlyIfNew && before.isEqualNode(after)) return;
  const textAlone = around(before).isEqualNode(around(after));
  if (!textAlone || !put(textOf(document), textOf(before), textOf(after))) location.reload();
}

/** @param {{ text: string }} content */
function trouble({ text }) {
  document.getElementById("live-trouble")?.remove();
  if (!text) return;
  const note = document.createElement("pre");
  note.id = "live-trouble";
  note.setAttribute("role", "alert");
  note.textContent = text;
  note.style.cssText =
    "position:fixed;inset:auto 0 0 0;max-height:40vh;overflow:auto;margin:0;padding:1em;" +
    "background:#fff4e5;color:#1f2328;border-top:3px solid #c2410c;z-index:10000";
  document.body.append(note);
}

/** @returns {Promise<Document>} the page without its cards: they have an event of their own */
async function source() {
  const text = await (await fetch(location.href)).text();
  const page = new DOMParser().parseFromString(text, "text/html");
  for (const card of page.querySelectorAll("section.card")) {
    card.className = "card";
    card.replaceChildren();
  }
  // what a template holds is no child of it, so that two would be taken for equal
  for (const card of page.querySelectorAll("template")) card.title = card.innerHTML;
  return page;
}

/** @param {Document} page @returns {Element} */
function textOf(page) {
  return page.querySelector("article") ?? page.body;
}

/** @param {Document} page @returns {Node} all but its text */
function around(page) {
  const copy = /** @type {Document} */ (page.cloneNode(true));
  textOf(copy).remove();
  return copy;
}

/**
 * Put the blocks in which two sources differ into the shown element, which was made of the first.
 * @param {Element} shown
 * @param {Element} before
 * @param {Element} after
 * @returns {boolean} false where a newly loaded page might look otherwise; nothing is changed then
 */
function put(shown, before, after) {
  const old = [...before.children];
  const fresh = [...after.children];
  if (shown.children.length !== old.length) return false;
  let [start, oldEnd, freshEnd] = [0, old.length, fresh.length];
  while (start < Math.min(oldEnd, freshEnd) && old[start].isEqualNode(fresh[start])) start++;
  while (start < Math.min(oldEnd, freshEnd) && old[oldEnd - 1].isEqualNode(fresh[freshEnd - 1])) {
    oldEnd--;
    freshEnd--;
  }
  const gone = old.slice(start, oldEnd);
  const come = fresh.slice(start, freshEnd);
  if (!gone.length && !come.length) return false; // what the page loads has changed
  if (gone.length === 1 && come.length === 1 && sameSection(gone[0], come[0])) {
    return put(shown.children[start], gone[0], come[0]);
  }
  if ([...gone, ...come].some((block) => block.matches(SCRIPTED) || block.querySelector(SCRIPTED))) {
    return false;
  }
  const next = shown.children[oldEnd] ?? null;
  for (const block of [...shown.children].slice(start, oldEnd)) block.remove();
  for (const block of come) shown.insertBefore(document.importNode(block, true), next);
  return true;
}

/** @param {Element} one @param {Element} other */
function sameSection(one, other) {
  const plain = one.tagName === "SECTION" && !one.matches(SCRIPTED);
  return plain && one.cloneNode().isEqualNode(other.cloneNode());
}
