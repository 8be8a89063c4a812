// The page's one refresh controller. A live fragment is an element with hx-trigger="live" and data-live="SECONDS";
// this file fires `live` on it when it is due, and at no other time:
//   never before its last request was answered, never in a hidden tab, never while someone is in the middle of
//   something inside it (a ticked row, an open menu or dialog, selected text, a changed field).
// A fragment that finished comes back without hx-trigger, and so is no longer asked. docs/front-end.md has the contract.
const FRAGMENTS = '[hx-trigger~="live"]';
const LATE_AFTER = 3; // intervals
const TICK = 250; // milliseconds
const SLOWEST = 60_000; // milliseconds, what repeated failures slow a fragment down to

const states = new WeakMap();
const fragments = () => [...document.querySelectorAll(FRAGMENTS)];

// `good` and `asked` are times of performance.now(): of the last answer and of the last question.
const stateOf = (fragment) => {
  if (!states.has(fragment)) {
    const now = performance.now();
    states.set(fragment, { good: now, asked: now, waiting: false, failures: 0 });
  }
  return states.get(fragment);
};

/* Pace: each fragment's own, one for all, or off; remembered. */

const paceSelect = document.querySelector("[data-live-pace]");

const rememberPace = (pace) => {
  try {
    localStorage.setItem("adsapp.pace", pace);
  } catch {
    return; // storage may be forbidden; the choice then lasts for this page only
  }
};

const rememberedPace = () => {
  try {
    return localStorage.getItem("adsapp.pace") ?? "";
  } catch {
    return "";
  }
};

if (paceSelect) {
  paceSelect.value = rememberedPace();
  if (paceSelect.selectedIndex < 0) paceSelect.value = "";
  paceSelect.addEventListener("change", () => {
    rememberPace(paceSelect.value);
    refresh();
  });
}

const pace = () => paceSelect?.value ?? "";
const isOff = () => pace() === "off";

const interval = (fragment) => {
  const seconds = Number(pace()) || Number(fragment.dataset.live) || 5;
  return seconds * 1000;
};

const patience = (fragment) => {
  const usual = interval(fragment);
  return Math.max(usual, Math.min(usual * 2 ** stateOf(fragment).failures, SLOWEST));
};

/* What holds a refresh back */

const isDirty = (field) => {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
  const options = [...field.options];
  const initial = options.findLastIndex((option) => option.defaultSelected);
  return !field.multiple && field.selectedIndex !== Math.max(initial, 0);
};

const hasSelection = (fragment) => {
  const selection = getSelection();
  return Boolean(selection) && !selection.isCollapsed && selection.containsNode(fragment, true);
};

const HOLDS = [
  ["a dialog is open", () => document.querySelector("dialog[open]")],
  ["a menu is open", (fragment) => fragment.querySelector("details[data-menu][open], :popover-open")],
  ["a row is ticked", (fragment) => fragment.querySelector("tr input[type=checkbox]:checked, [data-tick]:checked")],
  ["something is typed", (fragment) => [...fragment.querySelectorAll("input, select, textarea")].some(isDirty)],
  ["text is selected", hasSelection],
];

const heldBecause = (fragment) => HOLDS.find(([, holds]) => holds(fragment))?.[0];

/* Asking */

const ask = (fragment) => {
  const state = stateOf(fragment);
  if (state.waiting) return;
  state.waiting = true;
  state.asked = performance.now();
  fragment.dispatchEvent(new Event("live")); // does not bubble: an outer fragment is not asked with it
};

const isDue = (fragment) => performance.now() - stateOf(fragment).asked >= patience(fragment);

const refresh = () => {
  if (document.hidden) return;
  fragments().filter((fragment) => !heldBecause(fragment)).forEach(ask);
};

const succeeded = (fragment, request) => {
  const state = stateOf(fragment);
  Object.assign(state, { waiting: false, failures: 0, good: performance.now() });
  fragment.classList.remove("is-late");
  if (request.status !== 204) return; // a new fragment brings its own time
  const time = fragment.querySelector("[data-as-of] time");
  const answered = new Date(request.getResponseHeader("Date") ?? Date.now());
  if (!time) return;
  time.dateTime = answered.toISOString();
  fragment.dispatchEvent(new CustomEvent("times:changed", { bubbles: true }));
};

const failed = (fragment) => {
  const state = stateOf(fragment);
  state.waiting = false;
  state.failures += 1;
};

const isLive = (event) => event.detail.elt?.matches?.("[data-live]") && event.detail.requestConfig?.triggeringEvent?.type === "live";

// A redirect (to the sign-in page, most often) is followed unseen: what came is not the fragment that was asked for.
const cameFromElsewhere = (event) => {
  const { xhr, pathInfo } = event.detail;
  if (!xhr.responseURL) return false;
  const asked = new URL(pathInfo.finalRequestPath ?? pathInfo.requestPath, location.href);
  return new URL(xhr.responseURL).pathname !== asked.pathname;
};

document.addEventListener("htmx:beforeSwap", (event) => {
  if (isLive(event) && (cameFromElsewhere(event) || heldBecause(event.detail.elt))) event.detail.shouldSwap = false;
});

// A morph keeps the element that has the focus if it finds it again. If it made another one in its place, that gets it.
let focused = null; // with what it is found again by: once it is gone it belongs to no form

const alike = ({ id, dataset, localName, form, value, attributes: { href } }) => {
  if (id) return `#${CSS.escape(id)}`;
  if (dataset.dialog) return `[data-dialog="${CSS.escape(dataset.dialog)}"]`;
  if (href) return `${localName}[href="${CSS.escape(href.value)}"]`;
  const action = form?.getAttribute("action");
  return action ? `form[action="${CSS.escape(action)}"] ${localName}${value ? `[value="${CSS.escape(value)}"]` : ""}` : "";
};

document.addEventListener("htmx:beforeSwap", (event) => {
  const element = document.activeElement;
  focused = isLive(event) && event.detail.elt.contains(element) ? { element, selector: alike(element) } : null;
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (!focused || focused.element.isConnected) return;
  const place = document.getElementById(event.detail.target?.id) ?? document;
  if (focused.selector) place.querySelector(focused.selector)?.focus({ preventScroll: true });
  focused = null;
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (!isLive(event)) return;
  const fragment = event.detail.elt;
  if (event.detail.successful && !cameFromElsewhere(event)) succeeded(fragment, event.detail.xhr);
  else failed(fragment);
  showStatus();
});

/* What survives a morph: what is being typed, ticks, open details */

if (globalThis.Idiomorph) {
  Idiomorph.defaults.ignoreActiveValue = true;
  Idiomorph.defaults.callbacks.beforeNodeMorphed = (before, after) => {
    if (before.nodeName === "DETAILS" && after.nodeName === "DETAILS") after.open = before.open;
    if (before.type !== "checkbox" && before.type !== "radio") return true;
    if (before.checked !== before.defaultChecked) after.checked = before.checked;
    return true;
  };
}

/* Saying how fresh it is */

const statusBox = document.querySelector("[data-live-status]");
const statusText = statusBox?.querySelector("[data-live-text]");
let everLive = false;

const isLate = (fragment) => {
  const state = stateOf(fragment);
  return state.failures > 0 || performance.now() - state.good > LATE_AFTER * interval(fragment);
};

const asOf = (list) => {
  const times = list.map((fragment) => fragment.querySelector("[data-as-of] time")).filter(Boolean);
  times.sort((a, b) => a.dateTime.localeCompare(b.dateTime));
  return times.length ? `as of ${times[0].textContent}` : "";
};

// [state for the dot, words before "as of"]
const verdict = (list) => {
  if (!list.length) return ["done", "finished"];
  if (isOff()) return ["off", ""];
  const held = list.map(heldBecause).find(Boolean);
  if (held) return ["held", `held while ${held}`];
  if (list.some(isLate)) return ["late", "late"];
  return ["live", ""];
};

const showStatus = () => {
  const list = fragments();
  everLive ||= list.length > 0;
  if (!statusBox || !everLive) return;
  const [state, words] = verdict(list);
  list.forEach((fragment) => fragment.classList.toggle("is-late", state === "late" && isLate(fragment)));
  const text = [words, asOf(list.length ? list : [document.body])].filter(Boolean).join(", ");
  statusBox.hidden = false;
  statusBox.dataset.state = state;
  if (statusText.textContent !== text) statusText.textContent = text;
};

const tick = () => {
  if (document.hidden) return;
  if (!isOff()) {
    fragments().filter((fragment) => isDue(fragment) && !heldBecause(fragment)).forEach(ask);
  }
  showStatus();
};

// Coming back to the tab asks at once, and counts lateness from now: nobody was looking before.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const fragment of fragments()) stateOf(fragment).good = performance.now();
  if (!isOff()) refresh();
});
document.addEventListener("live:now", refresh);

showStatus();
setInterval(tick, TICK);
