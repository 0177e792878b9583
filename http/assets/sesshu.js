// What makes the pages a little better; every one of them works without it. No page says anything here that it does not say
// in its HTML.
"use strict";
(() => {
  const one = (css, from = document) => from.querySelector(css);
  const all = (css, from = document) => [...from.querySelectorAll(css)];
  const fill = (text, values) => text.replace(/%\{(\w+)\}/g, (_, name) => values[name]);

  // A page about a person that the browser has kept is asked for anew: the person may have logged out.
  addEventListener("pageshow", (event) => {
    if (event.persisted && "own" in document.body.dataset) location.reload();
  });

  // What is wrong comes first.
  const errors = one("#errors");
  if (errors) setTimeout(() => document.activeElement === document.body && errors.focus(), 100);

  // A second tap on a button sends nothing.
  for (const form of all("form[method=post]")) {
    let sentAt = 0;
    form.addEventListener("submit", (event) => {
      const now = performance.now();
      if (sentAt && now - sentAt < 5000) event.preventDefault();
      else sentAt = now;
    });
  }

  for (const button of all("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }

  // The time for which a place is kept runs.
  const left = one("[data-left-ms]");
  if (left) {
    const end = performance.now() + Number(left.dataset.leftMs);
    const said = one("#remaining-said");
    const tick = () => {
      const seconds = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      const text = seconds
        ? fill(left.dataset.left, { minutes: Math.floor(seconds / 60), seconds: String(seconds % 60).padStart(2, "0") })
        : left.dataset.over;
      left.textContent = text;
      if (said && (seconds === 60 || !seconds)) said.textContent = text;
      if (seconds) setTimeout(tick, 1000);
    };
    tick();
  }

  // What is free is asked for again, spread over half a minute, for half an hour, while somebody looks.
  const live = one("[data-live]");
  if (!live) return;
  const getTop = async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = one("[data-live]", new DOMParser().parseFromString(await answer.text(), "text/html"));
    if (!fresh || live.contains(document.activeElement) || fresh.innerHTML === live.innerHTML) return;
    const unfolded = one("details", live)?.open;
    live.replaceChildren(...document.importNode(fresh, true).childNodes);
    const details = one("details", live);
    if (details && unfolded) details.open = true;
  };
  const getPlaces = async () => {
    const dose = new URLSearchParams(one("[name=back]", live).value.split("?")[1]).get("dose");
    const days = all("[data-date]", live).map((day) => day.dataset.date).sort();
    const second = one("[name=second]", live) ? Number(dose) + 1 : 0;
    for (const asked of [Number(dose), second].filter(Boolean)) {
      const range = `from=${days[0]}&to=${days[days.length - 1]}`;
      const answer = await fetch(`/api/v1/sessions?dose=${asked}&${range}`);
      if (!answer.ok) return;
      for (const session of (await answer.json()).sessions) {
        for (const slot of session.slots) {
          for (const free of all(`[data-slot="${session.id}-${slot.id}"]`, live)) {
            const key = slot.free > Number(live.dataset.fewMax) ? "open" : slot.free > 0 ? "few" : "full";
            free.textContent = fill(live.dataset[key], { free: slot.free });
          }
        }
      }
    }
  };
  const ask = live.dataset.live === "top" ? getTop : getPlaces;
  const until = performance.now() + 30 * 60 * 1000;
  const later = () => {
    if (performance.now() < until) setTimeout(again, 20000 + Math.random() * 20000);
  };
  const again = async () => {
    try {
      if (document.visibilityState === "visible") await ask();
    } catch {
      // Nothing is heard just now; the page stays as it is.
    }
    later();
  };
  later();
})();
