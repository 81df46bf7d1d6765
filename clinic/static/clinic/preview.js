// Shows the preview again a moment after the last key, by pressing the same button that works without this script;
// keeps the reader's place in it, and nobody leaves what they typed without being asked.
const button = document.querySelector("[data-preview]");
if (button) {
  let shown = document.querySelector("iframe[name=preview]"), shownAs = 0;
  // On a page that came back with a mistake stands what was typed and not saved.
  let pause, count = 0, unsaved = !!document.querySelector(".errornote");
  const show = () => {
    // A frame of its own each time: one that is used again would add to what Back goes through.
    const fresh = shown.cloneNode(), number = count += 1;
    // By its own name, since the one before it answers to its name as long as it is there.
    shown.removeAttribute("name");
    fresh.name = button.formTarget = `preview-${number}`;
    fresh.style.setProperty("position", "absolute");
    fresh.style.setProperty("visibility", "hidden");
    fresh.addEventListener("load", function loaded() {
      // Some browsers tell of the empty frame too, before the page has come.
      if (fresh.contentDocument?.URL === "about:blank") return;
      fresh.removeEventListener("load", loaded);
      // What was typed later has come first.
      if (number < shownAs) return fresh.remove();
      const place = shown.contentDocument?.scrollingElement?.scrollTop ?? 0;
      fresh.removeAttribute("style");
      shown.remove();
      [shown, shownAs] = [fresh, number];
      fresh.contentDocument?.scrollingElement.scrollTo({ top: place, behavior: "instant" });
    });
    shown.after(fresh);
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
