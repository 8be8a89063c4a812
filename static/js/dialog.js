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

// A refresh may have put another element in the opener's place; it opens the same dialog.
const openerOf = (dialog) => {
  const opener = openers.get(dialog);
  return opener?.isConnected ? opener : document.querySelector(`[data-dialog="${CSS.escape(dialog.id)}"]`);
};

// `close` does not bubble, and comes however the dialog was closed: button, click beside it, Escape.
document.addEventListener("close", (event) => event.target.matches?.("dialog") && openerOf(event.target)?.focus(), true);

// Asked for by another file, as by a key.
document.addEventListener("dialog:open", (event) => open(event.target, document.activeElement));

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
