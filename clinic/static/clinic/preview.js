// Shows the preview again a moment after the last key, by pressing the same button that works without this script;
// keeps the reader's place in it, and nobody leaves what they typed without being asked.
const button = document.querySelector("[data-preview]");
if (button) {
  let frame = document.querySelector("iframe[name=preview]");
  // On a page that came back with a mistake stands what was typed and not saved.
  let pause, count = 0, unsaved = !!document.querySelector(".errornote");
  const show = () => {
    // A frame of its own each time: one that is used again would add to what Back goes through.
    const [old, fresh] = [frame, frame.cloneNode()];
    const place = old.contentDocument?.scrollingElement?.scrollTop ?? 0;
    // By its own name, since the old one answers to its name as long as it is there.
    old.removeAttribute("name");
    fresh.name = button.formTarget = `preview-${count += 1}`;
    fresh.style.setProperty("position", "absolute");
    fresh.style.setProperty("visibility", "hidden");
    fresh.addEventListener("load", function shown() {
      // Some browsers tell of the empty frame too, before the page has come.
      if (fresh.contentDocument?.URL === "about:blank") return;
      fresh.removeEventListener("load", shown);
      fresh.removeAttribute("style");
      old.remove();
      fresh.contentDocument?.scrollingElement.scrollTo({ top: place, behavior: "instant" });
    });
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
