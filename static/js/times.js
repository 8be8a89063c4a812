// <time datetime="…" data-local="second|minute|date|full|ago|span"> in the viewer's zone, UTC on hover.
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

const inUnits = (seconds) => {
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return [Math.round(seconds / size), unit];
};

const SINCE_NOW = {
  ago: (moment) => AGO.format(...inUnits((moment - Date.now()) / 1000)),
  span: (moment) => {
    const [count, unit] = inUnits(Math.max(0, Date.now() - moment) / 1000);
    return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count);
  },
};

const render = (element) => {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  const shape = element.dataset.local;
  const text = SINCE_NOW[shape]?.(moment) ?? (FORMATS[shape] ?? FORMATS.full).format(moment);
  if (element.textContent !== text) element.textContent = text;
  element.title = `${moment.toISOString().replace("T", " ").slice(0, 19)} UTC`;
};

const renderAll = (root = document) => root.querySelectorAll("time[data-local]").forEach(render);

renderAll();
// Before the browser paints what a swap brought, so that no UTC text flashes up.
document.addEventListener("htmx:afterSwap", () => renderAll());
document.addEventListener("times:changed", (event) => renderAll(event.target));
setInterval(() => document.querySelectorAll('time:is([data-local="ago"], [data-local="span"])').forEach(render), 30_000);
