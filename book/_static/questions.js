// @ts-check
// Keeps the reader's answers in this browser, as {name of a question: number of the choice}, and
// shows them in the questions and in their list. Where nothing can be kept, the page stays as it is.

const KEPT = "attention-answers";
const NOT_ANSWERED = ["card--not-started", "not answered"];
const RIGHT = ["card--passed", "right"];
const WRONG = ["card--failed", "not quite"];

/** @returns {Record<string, unknown> | null} null where the browser keeps nothing */
function read() {
  let text;
  try {
    if (!(localStorage instanceof Storage)) return null; // a page's stand-in, which forgets
    text = localStorage.getItem(KEPT);
  } catch {
    return null;
  }
  try {
    return { ...JSON.parse(text ?? "{}") };
  } catch {
    return {}; // not written here
  }
}

/** @param {Record<string, unknown>} answers */
function write(answers) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(answers));
  } catch {
    // full, or blocked: the choice stands until the page is left
  }
}

/** @param {Event} event @returns {HTMLElement | null | undefined} the question where it happened */
function questionOf(event) {
  return event.target instanceof Element ? event.target.closest("fieldset.question") : null;
}

/** @param {HTMLElement} question @returns {HTMLInputElement[]} */
function buttonsOf(question) {
  return [...question.querySelectorAll(".choice > input")];
}

/** @param {HTMLElement} question @param {"off" | "polite"} live whether what appears is read aloud */
function setLive(question, live) {
  question.querySelector(".choices")?.setAttribute("aria-live", live);
}

/** @param {Record<string, unknown>} answers */
function showChoices(answers) {
  for (const question of document.querySelectorAll("fieldset.question")) {
    buttonsOf(question).forEach((button, index) => {
      const chosen = answers[question.id] === index + 1;
      if (button.checked === chosen) return;
      setLive(question, "off"); // until the reader comes: what they chose before is no news
      button.checked = chosen;
    });
  }
}

/** @param {Record<string, unknown>} answers */
function showList(answers) {
  for (const list of document.querySelectorAll(".question-list")) {
    for (const row of list.querySelectorAll("[data-question]")) {
      const answer = answers[row.dataset.question];
      const found = answer === Number(row.dataset.right) ? RIGHT : WRONG;
      const [state, words] = Number.isInteger(answer) ? found : NOT_ANSWERED;
      row.className = state;
      row.querySelector(".card-state").textContent = words;
    }
    for (const count of list.querySelectorAll(".right-answers")) {
      const counted = count.closest("tbody") ?? list; // a chapter's, or all
      count.textContent = counted.querySelectorAll(`.${RIGHT[0]}`).length;
    }
    list.classList.add("kept");
  }
}

function show() {
  const answers = read();
  if (!answers) return;
  showChoices(answers);
  showList(answers);
}

document.addEventListener("change", (event) => {
  const question = questionOf(event);
  if (!question) return;
  const choice = buttonsOf(question).findIndex((button) => button.checked) + 1;
  if (choice) write({ ...read(), [question.id]: choice });
});

for (const arrives of ["focusin", "pointerdown"]) {
  document.addEventListener(arrives, (event) => {
    const question = questionOf(event);
    if (question) setLive(question, "polite");
  });
}

const list = document.querySelector(".question-list");
list?.querySelector(".forget").addEventListener("click", () => {
  list.querySelector("dialog").showModal();
});
list?.querySelector(".forget-all").addEventListener("click", () => {
  write({});
  show();
  list.querySelector("[role=status]").textContent = "Forgotten.";
});

addEventListener("storage", (event) => {
  if (event.key === KEPT || event.key === null) show(); // null: all was cleared
});
addEventListener("pageshow", show); // also when a page comes back as it was left
show();
