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
  // A scanner types wherever the focus is: what it types belongs into its field, and must press no button.
  const scan = document.querySelector("[data-scan]");
  if (scan && /^[0-9]$/.test(event.key)) {
    scan.value = "";
    scan.focus();
    return;
  }
  // A key that stands on a choice takes it.
  const named = [...document.querySelectorAll("[data-key]")].find((element) => element.dataset.key === event.key);
  if (named) {
    event.preventDefault();
    named.focus();
    named.click();
  }
});

// A form is sent once, however often its button is pressed. One that is answered with a file stays on the page and can be sent again.
document.addEventListener("submit", (event) => {
  if ("again" in event.target.dataset) return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});

// Somebody who comes back to a page that the browser has kept can send its form again.
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

// The overview is kept up to date while it is open. Whoever reads or uses a part of it keeps that part as it is.
const live = document.querySelector("[data-live]");
if (live) {
  const pause = document.querySelector("[data-live-pause]");
  const lost = document.querySelector("[data-live-lost]");
  let source, again;
  const waiting = {};
  const show = (message) => {
    document.querySelector("[data-live-at]").textContent = message.at;
    Object.assign(waiting, message.fragments);
    for (const [id, html] of Object.entries(waiting)) {
      const part = document.getElementById(id);
      if (part.contains(document.activeElement)) continue;
      delete waiting[id];
      const scrolled = [...part.querySelectorAll(".scroll")].map((box) => [box.scrollLeft, box.scrollTop]);
      part.innerHTML = html;
      part.querySelectorAll(".scroll").forEach((box, n) => [box.scrollLeft, box.scrollTop] = scrolled[n] ?? [0, 0]);
    }
  };
  const listen = () => {
    source = new EventSource(live.dataset.live);
    source.onmessage = (event) => {
      lost.hidden = true;
      show(JSON.parse(event.data));
    };
    // A browser that was sent away does not come again by itself.
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return;
      lost.hidden = false;
      again = setTimeout(() => location.replace("/overview?auto=1"), 30000);
    };
  };
  const stop = () => {
    clearTimeout(again);
    source.close();
    source = undefined;
  };
  pause.hidden = false;
  pause.addEventListener("click", () => {
    if (source) stop();
    else listen();
    pause.textContent = source ? pause.dataset.stop : pause.dataset.go;
  });
  listen();
}

// A page that renews itself: its parts are replaced one by one, but never the one in which somebody is.
const renew = document.querySelector("[data-renew]");
if (renew) {
  const lost = document.querySelector("[data-renew-lost]");
  const every = 1000 * (renew.dataset.every || 15);
  let timer;
  const again = async () => {
    try {
      const answer = await fetch(renew.dataset.renew, { signal: AbortSignal.timeout(10000) });
      if (!answer.ok || answer.redirected) throw new Error("the page cannot be renewed");
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      let waits = false;
      for (const part of document.querySelectorAll("[data-part]")) {
        const other = next.getElementById(part.id);
        if (!other || part.innerHTML === other.innerHTML) continue;
        if (part.contains(document.activeElement)) waits = true;
        else part.innerHTML = other.innerHTML;
      }
      lost.hidden = true;
      // Nothing changes any more: there is nothing to ask for.
      if (!waits && !next.querySelector("[data-renew]")) {
        timer = clearInterval(timer);
        renew.closest(".live-bar").hidden = true;
      }
    } catch {
      lost.hidden = false;
    }
  };
  const go = () => timer = setInterval(again, every);
  renew.hidden = false;
  renew.addEventListener("click", () => {
    if (timer) timer = clearInterval(timer);
    else {
      go();
      again();
    }
    renew.textContent = timer ? renew.dataset.stop : renew.dataset.go;
  });
  go();
}

// Paper is a matter of the browser's.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
