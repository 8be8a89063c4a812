// The bell at the head of every page asks once a minute whether it still shows what is so; not in a hidden tab.
const EVERY = 60_000; // milliseconds

setInterval(() => {
  if (document.hidden) return;
  document.querySelector("[data-bell]")?.dispatchEvent(new Event("bell"));
}, EVERY);
