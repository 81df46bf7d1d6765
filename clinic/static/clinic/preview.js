// Shows the preview again a moment after the last key, by pressing the same button that works without this script.
const button = document.querySelector("[data-preview]");
if (button) {
  let pause;
  const show = () => button.form.requestSubmit(button);
  button.form.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(show, 600);
  });
  show();
}
