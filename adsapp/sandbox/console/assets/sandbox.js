// Fetches each [data-refresh] fragment anew every two seconds: one request at a time, none in a hidden tab,
// none while someone writes or has text selected in the fragment.
"use strict";

const EVERY = 2000;

function isInUse(box) {
  const selection = document.getSelection();
  const selects = selection && !selection.isCollapsed && box.contains(selection.anchorNode);
  const writes = [...box.querySelectorAll("input:not([type=hidden])")].some((input) => input.value !== input.defaultValue);
  return selects || writes || box.contains(document.activeElement);
}

async function refresh(box) {
  if (document.hidden || isInUse(box)) return;
  try {
    const response = await fetch(box.dataset.refresh, { headers: { Accept: "text/html" } });
    if (!response.ok) throw new Error(String(response.status));
    const html = await response.text();
    if (html !== box.lastHtml && !isInUse(box)) {
      box.innerHTML = html;
      box.lastHtml = html;
    }
    box.classList.remove("is-late");
  } catch {
    box.classList.add("is-late");
  }
}

async function keepFresh(box) {
  await refresh(box);
  setTimeout(keepFresh, EVERY, box);
}

for (const box of document.querySelectorAll("[data-refresh]")) setTimeout(keepFresh, EVERY, box);
