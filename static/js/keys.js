// The keyboard: `/` search, `g` then a letter to go, `j k` rows, `x` tick, `Enter` open, `r` refresh, `?` help.
// Rows are `[data-row]`; the letter of a page is `data-go` on its link in the navigation.
const GO_WITHIN = 1500;
let goPressedAt = -Infinity;

const isTyping = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.checkVisibility());
const currentRow = () => document.activeElement?.closest("[data-row]");

const focusRow = (step) => {
  const all = rows();
  if (!all.length) return;
  const here = all.indexOf(currentRow());
  const next = all[Math.min(Math.max(here + step, 0), all.length - 1)];
  next.tabIndex = -1;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
};

const focusSearch = () => {
  const search = document.querySelector("[data-search]");
  search?.focus();
  search?.select();
};

const ACTIONS = {
  "/": focusSearch,
  "?": () => document.getElementById("keys-help")?.dispatchEvent(new Event("dialog:open", { bubbles: true })),
  j: () => focusRow(1),
  k: () => focusRow(-1),
  x: () => currentRow()?.querySelector("input[type=checkbox]")?.click(),
  r: () => document.dispatchEvent(new Event("live:now")),
  g: () => {
    goPressedAt = performance.now();
  },
};

const go = (letter) => {
  goPressedAt = -Infinity;
  const link = [...document.querySelectorAll("[data-go]")].find((each) => each.dataset.go === letter);
  link?.click();
  return Boolean(link);
};

document.addEventListener("keydown", (event) => {
  if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    focusSearch();
    return;
  }
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
  if (event.key === "Escape" && event.target.matches("[data-search]")) event.target.blur();
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;

  if (performance.now() - goPressedAt < GO_WITHIN && go(event.key)) {
    event.preventDefault();
    return;
  }
  if (event.key === "Enter" && event.target.matches("[data-row]")) {
    event.target.querySelector("a[data-open], a[href]")?.click();
    return;
  }
  const action = ACTIONS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});
