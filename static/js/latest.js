// A form that asks for itself again as it is edited (data-latest): an answer to how it stood before the last edit is not
// shown, since it would put back what was changed meanwhile. The next request is queued already and brings the rest.
const edited = new WeakMap(); // form -> time of its last edit
const asked = new WeakMap(); // request -> when it was sent

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => {
    const form = event.target.closest?.("form[data-latest]");
    if (form) edited.set(form, performance.now());
  }, true);
}

document.addEventListener("htmx:beforeSend", (event) => asked.set(event.detail.xhr, performance.now()));

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr, requestConfig } = event.detail;
  // What was uploaded comes with this answer and with no other; the field that has the focus keeps what is typed in it.
  if (requestConfig?.elt?.matches?.("input[type=file]")) return;
  if (target.matches?.("form[data-latest]") && edited.get(target) > asked.get(xhr)) event.detail.shouldSwap = false;
});

// htmx remembers the button that has the focus, and would send the next look to that button's own address: a Tab from the
// last field to "Send" would post the form. That button is the browser's alone.
for (const kind of ["focusin", "click"]) {
  document.addEventListener(kind, (event) => {
    if (event.target.closest?.("form[data-latest] [formaction]")) event.stopPropagation();
  }, true);
}
