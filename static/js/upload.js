// Files: drop onto a <label data-drop> around a file input; the name and size are shown; a form holding one is sent
// with its progress. Without this file it is a plain multipart form, and the server's answer is the same: a redirect
// to what was made of the file, or the page again with what is wrong.
const UNITS = ["B", "KB", "MB", "GB"];

const readable = (bytes) => {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  return `${(bytes / 1000 ** power).toFixed(power ? 1 : 0)} ${UNITS[power]}`;
};

const say = (text, kind = "bad") => document.dispatchEvent(new CustomEvent("toast", { detail: { text, kind } }));
const dropOf = (event) => event.target.closest?.("[data-drop]");

// What the server would refuse after minutes of sending is refused at once; data-max-bytes is its limit.
const tooLarge = (input) => {
  const most = Number(input.dataset.maxBytes);
  const file = input.files[0];
  if (!most || !file || file.size <= most) return "";
  return `${file.name} is ${readable(file.size)}; at most ${readable(most)} are taken. Split it into smaller files.`;
};

const check = (input) => {
  const message = tooLarge(input);
  const field = input.closest(".field");
  const id = `${input.id}-too-large`;
  field.querySelector(".field-error")?.remove();
  input.setCustomValidity(message);
  input.toggleAttribute("aria-invalid", false);
  input.removeAttribute("aria-describedby");
  if (!message) return;
  const note = Object.assign(document.createElement("p"), { className: "field-error", id, textContent: message });
  note.setAttribute("role", "alert");
  field.append(note);
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", id);
};

const showFile = (input) => {
  const drop = input.closest("[data-drop]");
  const file = input.files[0];
  const title = drop.querySelector("[data-drop-title]");
  const note = drop.querySelector("[data-drop-note]");
  if (!file || !title) return;
  title.textContent = file.name;
  if (note) note.textContent = `${readable(file.size)} · choose another by clicking or dropping`;
};

document.addEventListener("change", (event) => {
  if (!event.target.matches?.("[data-drop] input[type=file]")) return;
  showFile(event.target);
  check(event.target);
});

for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    const drop = dropOf(event);
    if (!drop || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    drop.classList.add("is-over");
  });
}

document.addEventListener("dragleave", (event) => {
  const drop = dropOf(event);
  if (drop && !drop.contains(event.relatedTarget)) drop.classList.remove("is-over");
});

document.addEventListener("drop", (event) => {
  const drop = dropOf(event);
  if (!drop) return;
  event.preventDefault();
  drop.classList.remove("is-over");
  const input = drop.querySelector("input[type=file]");
  if (event.dataTransfer.files.length !== 1 && !input.multiple) return say("Drop one file at a time.", "warning");
  input.files = event.dataTransfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
});

// The answer of a refused upload is the whole page again: its <main> takes the place of ours.
const showAnswer = (html) => {
  const answered = new DOMParser().parseFromString(html, "text/html").querySelector("main");
  if (!answered) return say("The server refused the file and did not say why.");
  const main = document.querySelector("main");
  main.replaceChildren(...answered.childNodes);
  globalThis.htmx?.process(main);
  main.querySelector("[aria-invalid=true], [role=alert]")?.focus();
};

const finish = (request, form) => {
  if (request.status >= 200 && request.status < 400) {
    location.assign(request.responseURL);
    return;
  }
  form.removeAttribute("aria-busy");
  showAnswer(request.responseText);
};

const send = (form, submitter) => {
  const box = form.querySelector("[data-upload-progress]");
  const bar = box.querySelector("progress");
  const text = box.querySelector("[data-upload-text]");
  const request = new XMLHttpRequest();

  const stop = (message, kind) => {
    box.hidden = true;
    form.removeAttribute("aria-busy");
    say(message, kind);
  };

  request.upload.addEventListener("progress", ({ loaded, total, lengthComputable }) => {
    if (!lengthComputable) return;
    bar.max = total;
    bar.value = loaded;
    text.textContent = loaded < total ? `${readable(loaded)} of ${readable(total)} sent` : "Sent. The server is reading it…";
  });
  request.addEventListener("load", () => finish(request, form));
  request.addEventListener("error", () => stop("The connection broke off. The file is still chosen: send it again."));
  request.addEventListener("abort", () => stop("Upload stopped. Nothing was kept.", "neutral"));
  box.querySelector("[data-upload-cancel]")?.addEventListener("click", () => request.abort(), { once: true });

  form.setAttribute("aria-busy", "true");
  box.hidden = false;
  request.open("POST", form.action);
  request.send(new FormData(form, submitter));
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.querySelector("[data-drop]") || !form.querySelector("[data-upload-progress]")) return;
  event.preventDefault();
  if (form.querySelector("[data-drop] input:invalid")) return;
  if (form.getAttribute("aria-busy") !== "true") send(form, event.submitter);
});
