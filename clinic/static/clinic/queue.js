// Keeps the queue as the server has it, every half minute unless it is to stand still: what differs is replaced, and nothing that has the focus.
const EVERY = 30_000;
const queue = document.querySelector("[data-shown]");
const stale = queue.querySelector("[data-stale]");
const keep = queue.querySelector("[data-keep] input");
let asked = Date.now();

// One tick for all, where there is a script to do it.
const offerAll = () => queue.querySelector("[data-all]")?.removeAttribute("hidden");

const replace = (old, fresh) => {
  if (old.innerHTML !== fresh.innerHTML && !old.contains(document.activeElement)) old.replaceChildren(...fresh.childNodes);
};

const follow = (body, fresh) => {
  const wanted = [...fresh.rows];
  const ids = new Set(wanted.map((row) => row.id));
  const at = [...body.rows].findIndex((row) => row.contains(document.activeElement));
  for (const row of [...body.rows]) if (!ids.has(row.id)) row.remove();
  wanted.forEach((row, place) => {
    const old = [...body.rows].find((each) => each.id === row.id);
    if (old) {
      old.className = row.className;
      [...old.cells].forEach((cell, index) => replace(cell, row.cells[index]));
    }
    if (!old || old !== body.rows[place]) body.insertBefore(old ?? row, body.rows[place] ?? null);
  });
  return at;
};

const show = (fresh) => {
  const focused = document.activeElement;
  let row = -1;
  for (const part of fresh.querySelectorAll("[data-live]")) {
    const old = queue.querySelector(`[data-live="${part.dataset.live}"]`);
    const [body, others] = [old.querySelector("tbody"), part.querySelector("tbody")];
    if (body && others) row = follow(body, others);
    else replace(old, part);
  }
  queue.dataset.shown = fresh.dataset.shown;
  offerAll();
  if (document.activeElement === focused) return;
  // The row that had the focus has left or moved: the one that stands there now has it.
  const rows = queue.querySelectorAll("tbody tr");
  const next = focused.isConnected ? focused : rows[Math.min(row, rows.length - 1)]?.querySelector("a");
  next?.focus({ preventScroll: true });
};

const refresh = async () => {
  asked = Date.now();
  try {
    const headers = { "X-Shown": queue.dataset.shown };
    const answer = await fetch(location.href, { headers, redirect: "manual", signal: AbortSignal.timeout(EVERY / 2) });
    const page = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
    if (page) show(page.querySelector("[data-shown]"));
    stale.hidden = Boolean(page);
  } catch {
    stale.hidden = false;
  }
};

// Whoever reads slowly lets it stand still, on the other parts of the queue too.
keep.checked = !sessionStorage.getItem("queue-stands-still");
keep.parentElement.hidden = false;
keep.addEventListener("change", () => {
  sessionStorage.setItem("queue-stands-still", keep.checked ? "" : "yes");
  if (keep.checked) refresh();
});

const isKept = () => keep.checked && !document.hidden;
setInterval(() => isKept() && refresh(), EVERY);
document.addEventListener("visibilitychange", () => isKept() && Date.now() - asked >= EVERY && refresh());

offerAll();
queue.addEventListener("change", (event) => {
  if (!event.target.matches("[data-all]")) return;
  for (const box of queue.querySelectorAll("tbody [type=checkbox]")) box.checked = event.target.checked;
});
