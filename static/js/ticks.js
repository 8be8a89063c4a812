// A form with data-ticks acts on ticked rows: [data-tick-all] ticks all rows of the page, [data-tick-count] says how many
// are. The rows' boxes belong to the form by their form attribute. Without this file each is ticked by itself.
const boxesOf = (form) => [...form.elements].filter((field) => field.type === "checkbox" && field.name);

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
};

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (!form?.matches("[data-ticks]")) return;
  if (event.target.matches("[data-tick-all]")) {
    for (const box of boxesOf(form)) box.checked = event.target.checked;
  }
  show(form);
});

// The browser may have kept the ticks of a page that one comes back to.
addEventListener("pageshow", () => document.querySelectorAll("form[data-ticks]").forEach(show));
