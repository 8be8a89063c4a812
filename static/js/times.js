// <time datetime="…" data-local="second|minute|date|ago"> in the viewer's zone, UTC on hover.
// The zone is <html data-time-zone> (from the profile) where given, else the browser's.
// The server writes UTC into the element, which is what remains without this file.
const zone = document.documentElement.dataset.timeZone || undefined;
const language = document.documentElement.lang || undefined;
const formatter = (options) => new Intl.DateTimeFormat(language, { hourCycle: "h23", timeZone: zone, ...options });

const DAY = { day: "numeric", month: "short", year: "numeric" };
const MINUTE = { hour: "2-digit", minute: "2-digit" };
const FORMATS = {
  second: formatter({ ...MINUTE, second: "2-digit" }),
  minute: formatter(MINUTE),
  date: formatter(DAY),
  full: formatter({ ...DAY, ...MINUTE }),
};
const AGO = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "long" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

const ago = (moment) => {
  const seconds = (moment - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return AGO.format(Math.round(seconds / size), unit);
};

const render = (element) => {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  const text = element.dataset.local === "ago" ? ago(moment) : (FORMATS[element.dataset.local] ?? FORMATS.full).format(moment);
  if (element.textContent !== text) element.textContent = text;
  element.title = `${moment.toISOString().replace("T", " ").slice(0, 19)} UTC`;
};

const renderAll = (root = document) => root.querySelectorAll("time[data-local]").forEach(render);

renderAll();
// Before the browser paints what a swap brought, so that no UTC text flashes up.
document.addEventListener("htmx:afterSwap", () => renderAll());
document.addEventListener("times:changed", (event) => renderAll(event.target));
setInterval(() => document.querySelectorAll('time[data-local="ago"]').forEach(render), 30_000);
