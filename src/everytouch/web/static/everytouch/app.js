// The shell: light and dark, the command palette, the viewer's time zone, focus after swaps.
const root = document.documentElement;
const token = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const [prefix, secure] = location.protocol === "https:" ? ["__Host-", ";secure"] : ["", ""];
if (zone && !document.cookie.includes("timezone=")) document.cookie = `${prefix}timezone=${zone};path=/;max-age=31536000;samesite=lax${secure}`;

function theme() {
  const next = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
  root.dataset.theme = next;
  sessionStorage.setItem("theme", next);
  everytouchTheme();
  fetch("/settings/look", { method: "POST", keepalive: true, headers: { "X-CSRFToken": token(), "Content-Type": "application/x-www-form-urlencoded" }, body: `theme=${next}` });
}

// On a narrow screen filters that are not set stay folded.
if (innerWidth < 992 && !location.search) for (const box of document.querySelectorAll(".filterbox")) box.open = false;

const palette = document.getElementById("palette");
let found = [], at = 0;

async function openPalette() {
  if (!palette) return;
  const input = palette.querySelector("input");
  input.value = "";
  palette.showModal();
  if (!found.length) found = (await (await fetch(palette.dataset.from)).json()).found;
  list();
}

function matching() {
  const words = palette.querySelector("input").value.toLowerCase().split(/\s+/).filter(Boolean);
  return found.filter((f) => words.every((w) => `${f.title} ${f.kind}`.toLowerCase().includes(w))).slice(0, 12);
}

function list() {
  const box = palette.querySelector("[role=listbox]"), input = palette.querySelector("input");
  box.replaceChildren(...matching().map((f, i) => {
    const row = document.createElement("a"), kind = document.createElement("span");
    Object.assign(row, { href: f.address, id: `palette-${i}`, textContent: f.title, tabIndex: -1 });
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", String(i === at));
    kind.textContent = f.kind;
    row.append(kind);
    return row;
  }));
  input.setAttribute("aria-activedescendant", box.children.length ? `palette-${at}` : "");
}

palette?.addEventListener("input", () => { at = 0; list(); });
palette?.addEventListener("keydown", (event) => {
  const many = matching().length;
  if (event.key === "ArrowDown") at = Math.min(at + 1, many - 1);
  else if (event.key === "ArrowUp") at = Math.max(at - 1, 0);
  else if (event.key === "Enter") { const go = matching()[at]; if (go) location.href = go.address; }
  else return;
  event.preventDefault();
  list();
});
palette?.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); }
});
document.addEventListener("click", (event) => {
  const what = event.target.closest("[data-do]")?.dataset.do;
  if (what === "palette") openPalette();
  if (what === "theme") theme();
});

document.addEventListener("submit", () => sessionStorage.removeItem("theme")); // settings may say another

// A small "take away" menu closes when one leaves it.
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.take[open]")) if (!open.contains(event.target)) open.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const open of document.querySelectorAll("details.take[open]")) { open.open = false; open.querySelector("summary").focus(); }
});

// The control that was used keeps the focus when the part it stands in is swapped.
let used = null;
document.addEventListener("htmx:beforeSwap", () => { used = document.activeElement?.id || document.activeElement?.name || null; });
document.addEventListener("htmx:afterSettle", (event) => {
  if (!used || document.activeElement !== document.body) return;
  (document.getElementById(used) || event.target.querySelector?.(`[name="${CSS.escape(used)}"]`))?.focus();
});
