// What works with a passkey shows itself only where there is a script for it, and says so when the key gives no answer.
for (const form of document.querySelectorAll("[data-by-key]")) form.hidden = false;
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  document.querySelector("[data-key-failed]").hidden = false;
});
