// Dialogs and menus. [data-dialog="ID"] opens a <dialog>; [data-close] or a click beside it closes it.
// The opener is best a link to a page that asks the same, so that it works without this file.
// A dialog opens with the focus on its first field, or where it only asks, on its mildest answer; closed, it gives the
// focus back to what opened it.
// <details data-menu> closes on Escape, on a click elsewhere and when another one opens.
const openMenus = () => document.querySelectorAll("details[data-menu][open]");

const isDirty = (dialog) =>
  [...dialog.querySelectorAll("input, textarea")].some((field) => field.value !== field.defaultValue);

const clickedBeside = (dialog, event) => {
  const box = dialog.getBoundingClientRect();
  const inside =
    event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  return event.target === dialog && !inside;
};

const FIRST = ["[autofocus]", "input:not([type=hidden]):not([type=radio]), input:checked, select, textarea", ".dialog-foot .button", ".button"];
const openers = new WeakMap();

const open = (dialog, opener) => {
  openers.set(dialog, opener);
  dialog.showModal();
  FIRST.map((what) => dialog.querySelector(what)).find(Boolean)?.focus();
};

// A refresh may have put another element in the opener's place; it opens the same dialog, or leads to the same question.
const openerOf = (dialog) => {
  const opener = openers.get(dialog);
  if (opener?.isConnected) return opener;
  const asks = opener?.matches("a[data-ask]") && `a[data-ask][href="${CSS.escape(opener.getAttribute("href"))}"]`;
  return document.querySelector(asks || `[data-dialog="${CSS.escape(dialog.id)}"]`);
};

// `close` does not bubble, and comes however the dialog was closed: button, click beside it, Escape.
document.addEventListener("close", (event) => event.target.matches?.("dialog") && openerOf(event.target)?.focus(), true);

// What was confirmed is sent; the page that comes back begins where it was asked.
document.addEventListener("submit", (event) => {
  const dialog = event.target.closest("dialog");
  const place = dialog && !event.defaultPrevented && openerOf(dialog)?.closest("[id]");
  if (place) document.dispatchEvent(new CustomEvent("place", { detail: { id: place.id } }));
});

// Asked for by another file, as by a key.
document.addEventListener("dialog:open", (event) => open(event.target, document.activeElement));

// [data-ask]: a link, or a form by GET, to a page that asks something. What it asks is counted there and then, so it is
// fetched, opened over this page and forgotten once it is closed. If that fails, the page itself is opened.
const askAt = async (url, opener) => {
  try {
    const answer = await fetch(url, { headers: { "HX-Request": "true", "HX-Current-URL": location.href } });
    const signIn = answer.headers.get("HX-Redirect");
    if (signIn) return void location.assign(signIn);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const dialog = answer.ok && page.querySelector("dialog");
    if (!dialog) return void location.assign(url);
    document.getElementById(dialog.id)?.remove();
    document.body.append(document.adoptNode(dialog));
    dialog.addEventListener("close", () => dialog.remove());
    dialog.dispatchEvent(new CustomEvent("times:changed", { bubbles: true }));
    open(dialog, opener);
  } catch {
    location.assign(url);
  }
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-ask]") || event.defaultPrevented) return;
  event.preventDefault();
  const url = new URL(form.action);
  url.search = new URLSearchParams(new FormData(form, event.submitter));
  askAt(url.href, event.submitter);
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-ask]");
  if (!link || event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  askAt(link.href, link);
});

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;

  const opener = event.target.closest("[data-dialog]");
  const wanted = opener && document.getElementById(opener.dataset.dialog);
  if (wanted) {
    event.preventDefault();
    open(wanted, opener);
    return;
  }
  const dialog = event.target.closest("dialog");
  if (!dialog) return;
  const closer = event.target.closest("[data-close]");
  if (closer) event.preventDefault(); // a link, on the page of its own for those without scripts; here one stays
  if (closer || (clickedBeside(dialog, event) && !isDirty(dialog))) dialog.close();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
