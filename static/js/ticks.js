// A form with data-ticks acts on ticked rows: [data-tick-all] ticks all rows of the page, [data-tick-count] says how many
// are. The rows' boxes belong to the form by their form attribute. While none is ticked its buttons say data-ticks's
// words instead of going on, unless its `scope` is all. Without this file each is ticked by itself, and the server says it.
const boxesOf = (form) => [...form.elements].filter((field) => field.type === "checkbox" && field.name);

// As a button that the server refuses (toast.js says why when it is pressed).
const refuse = (button, why) => {
  if ((button.dataset.why ?? "") === why) return;
  button.toggleAttribute("data-why", Boolean(why));
  if (why) button.dataset.why = why;
  button.title = why;
  button.ariaDisabled = why ? "true" : null;
};

const show = (form) => {
  const boxes = boxesOf(form);
  const ticked = boxes.filter((box) => box.checked).length;
  const all = form.querySelector("[data-tick-all]");
  const text = form.querySelector("[data-tick-count]");
  if (all) {
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }
  const words = ticked ? `${ticked} ticked` : "Select page";
  if (text && text.textContent !== words) text.textContent = words;
  if (all) all.disabled = !boxes.length;
  const isReady = ticked > 0 || form.elements.scope?.value === "all";
  for (const button of form.querySelectorAll("[type=submit]")) refuse(button, isReady ? "" : form.dataset.ticks);
};

const showAll = () => document.querySelectorAll("form[data-ticks]").forEach(show);

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (!form?.matches("[data-ticks]")) return;
  if (event.target.matches("[data-tick-all]")) {
    for (const box of boxesOf(form)) box.checked = event.target.checked;
  }
  show(form);
});

// The browser may have kept the ticks of a page that one comes back to.
addEventListener("pageshow", showAll);
document.addEventListener("htmx:afterSettle", showAll); // a refresh brings the form as the server drew it
showAll();
