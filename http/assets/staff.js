"use strict";
// Conveniences of the keyboard. Everything works without them.

// What is wrong with a form is read first.
document.getElementById("errors")?.focus();

const typing = (element) => element.matches("input:not([type=radio]):not([type=checkbox]), textarea, select");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  // Esc goes where the page's way back leads.
  if (event.key === "Escape") {
    const back = document.querySelector("a[data-key=Escape], button[data-key=Escape]");
    if (back) {
      event.preventDefault();
      back.click();
    }
    return;
  }
  if (typing(event.target)) return;
  // A key that stands on a choice takes it.
  const named = [...document.querySelectorAll("[data-key]")].find((element) => element.dataset.key === event.key);
  if (named) {
    event.preventDefault();
    named.focus();
    named.click();
  }
});

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});

// Somebody who comes back to a page that the browser has kept can send its form again.
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));
