// A form whose state is in no address ([data-guard]): the browser asks before its page is left with something typed that
// was not sent. data-guard="typed" came back with what was typed.
let typed = Boolean(document.querySelector('[data-guard="typed"]'));

const FIELDS = "form[data-guard] :is(input, textarea):not([data-own-zone])";
const differs = (field) => field.value !== field.defaultValue;

document.addEventListener("input", (event) => {
  typed ||= Boolean(event.target.closest("form[data-guard]"));
});

// Whoever comes back finds the fields as they were left.
addEventListener("pageshow", () => {
  typed ||= [...document.querySelectorAll(FIELDS)].some(differs);
});

// What is sent into a frame leaves the page where it is.
document.addEventListener("submit", (event) => {
  const leaves = !event.defaultPrevented && !event.submitter?.getAttribute("formtarget");
  if (leaves && event.target.matches("form[data-guard]")) typed = false;
});

addEventListener("beforeunload", (event) => {
  if (typed) event.preventDefault();
});
