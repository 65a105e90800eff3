// @ts-check
// Makes a served page live: cards change in place, a rebuilt page reloads where it stands.

const events = new EventSource("/_live/events");

events.addEventListener("card", (event) => {
  const { exercise, html } = JSON.parse(event.data);
  const card = document.querySelector(`section.card[data-exercise="${CSS.escape(exercise)}"]`);
  if (!card) return;
  card.setAttribute("aria-live", "polite");
  const fresh = document.createRange().createContextualFragment(html).firstElementChild;
  if (!fresh) return;
  // the section itself stays, so that a screen reader keeps listening to it
  card.className = fresh.className;
  card.replaceChildren(...fresh.childNodes);
});

events.addEventListener("reload", (event) => {
  const here = location.pathname.split("/").pop() || "index.html";
  if (JSON.parse(event.data).pages.includes(here)) location.reload();
});

events.addEventListener("trouble", (event) => {
  const { text } = JSON.parse(event.data);
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
});
