// Shows the preview again a moment after the last key, by pressing the same button that works without this script;
// keeps the reader's place in it, and nobody leaves what they typed without being asked.
const button = document.querySelector("[data-preview]");
if (button) {
  let frame = document.querySelector("iframe[name=preview]");
  let pause, unsaved = false;
  const show = () => {
    // A frame of its own each time: one that is used again would add to what Back goes through.
    const [old, fresh] = [frame, frame.cloneNode()];
    const place = old.contentWindow?.scrollY ?? 0;
    old.removeAttribute("name");
    fresh.style.setProperty("position", "absolute");
    fresh.style.setProperty("visibility", "hidden");
    fresh.addEventListener("load", () => {
      fresh.contentWindow.scrollTo(0, place);
      fresh.removeAttribute("style");
      old.remove();
    }, { once: true });
    old.after(fresh);
    frame = fresh;
    button.form.requestSubmit(button);
  };
  button.form.addEventListener("input", () => {
    unsaved = true;
    clearTimeout(pause);
    pause = setTimeout(show, 600);
  });
  button.form.addEventListener("submit", (event) => {
    if (event.submitter !== button) unsaved = false;
  });
  addEventListener("beforeunload", (event) => unsaved && event.preventDefault());
  show();
}
