// [data-copy="text"] copies its text and says so.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const say = (text, kind) => document.dispatchEvent(new CustomEvent("toast", { detail: { text, kind } }));
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    say("Copied.", "good");
  } catch {
    say("The browser did not allow copying. Select the text and copy it by hand.", "warning");
  }
});
