// Every htmx request: the CSRF token goes with it, and a refusal is said aloud instead of lost.
const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content;
const say = (text, kind) => document.dispatchEvent(new CustomEvent("toast", { detail: { text, kind } }));

const MEANINGS = {
  401: "You are signed out. Sign in again in another tab, then try once more.",
  403: "Your role does not allow this.",
  404: "This no longer exists.",
  409: "Someone else changed this meanwhile. Reload the page to see how it stands.",
  413: "That is too large.",
  429: "Too many requests. Wait a moment, then try again.",
};

document.addEventListener("htmx:configRequest", (event) => {
  const token = csrf();
  if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token;
});

// A live fragment that fails greys itself (live.js); a toast every two seconds would help nobody.
const isPoll = (event) => event.detail.requestConfig?.triggeringEvent?.type === "live";

document.addEventListener("htmx:responseError", (event) => {
  if (isPoll(event)) return;
  const status = event.detail.xhr.status;
  say(MEANINGS[status] ?? "The server could not do this. Nothing was changed; try again in a moment.", "bad");
});

for (const failure of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => {
    if (!isPoll(event)) say("The server did not answer. Check the connection, then look whether it was done.", "bad");
  });
}
