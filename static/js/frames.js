// A frame that shows what a form says, as it is typed: its button (data-fills) sends the form into the frame. Each time
// the frame is a new one, since what is sent into an old one becomes a step of the browser's history.
const fill = (button) => {
  const frame = document.getElementById(button.getAttribute("formtarget"));
  if (!frame) return;
  frame.replaceWith(frame.cloneNode());
  button.form.requestSubmit(button);
};

const fillAll = () => document.querySelectorAll("[data-fills]").forEach(fill);

document.addEventListener("DOMContentLoaded", fillAll);
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt.matches?.("form") && event.detail.elt.querySelector("[data-fills]")) fillAll();
});
