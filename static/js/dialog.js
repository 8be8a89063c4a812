// Dialogs and menus. [data-dialog="ID"] opens a <dialog>; [data-close] or a click beside it closes it.
// The opener is best a link to a page that asks the same, so that it works without this file.
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

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;

  const opener = event.target.closest("[data-dialog]");
  const wanted = opener && document.getElementById(opener.dataset.dialog);
  if (wanted) {
    event.preventDefault();
    wanted.showModal();
    return;
  }
  const dialog = event.target.closest("dialog");
  if (!dialog) return;
  if (event.target.closest("[data-close]") || (clickedBeside(dialog, event) && !isDirty(dialog))) dialog.close();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
