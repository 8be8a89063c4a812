// Short messages in the corner, in the page's one polite live region (#toasts).
// Shown by: a `toast` event {text, kind} (also from the HX-Trigger header), flashes already in the page,
// or an element [data-why], which says why it cannot be pressed.
const SECONDS = 6;
const ICONS = { good: "circle-check", warning: "alert-triangle", bad: "alert-circle", neutral: "info-circle" };
const region = document.getElementById("toasts");

const leaveLater = (toast) => {
  if (toast.matches(".toast-bad, .toast-warning")) return; // what went wrong stays until it was read
  let timer = setTimeout(() => toast.remove(), SECONDS * 1000);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("focusin", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => {
    timer = setTimeout(() => toast.remove(), SECONDS * 1000);
  });
};

const show = ({ text, kind }) => {
  const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  const known = kind in ICONS ? kind : "neutral";
  const use = toast.querySelector("use");
  toast.classList.add(`toast-${known}`);
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${ICONS[known]}`));
  toast.querySelector("p").textContent = text;
  region.append(toast);
};

if (region) {
  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) if (node.matches?.(".toast")) leaveLater(node);
    }
  }).observe(region, { childList: true });
  region.querySelectorAll(".toast").forEach(leaveLater);
  document.addEventListener("toast", (event) => show(event.detail));
}

document.addEventListener("click", (event) => {
  event.target.closest("[data-toast-close]")?.closest(".toast").remove();
  const refused = event.target.closest("[data-why]");
  if (!refused) return;
  event.preventDefault();
  show({ text: refused.dataset.why, kind: "neutral" });
});
