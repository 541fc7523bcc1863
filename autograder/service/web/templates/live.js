// Keeps a page current without a reload. The page works without this script; it only saves typing.
"use strict";

(() => {
  const { events, xsrf } = document.currentScript.dataset;
  const AGAIN_MS = [2000, 5000, 15000, 60000];
  let failed = 0, waiting = 0, last = 0;

  // Times in the reader's own zone; the server's stays as a title.
  function localise(part) {
    for (const time of part.querySelectorAll("time[datetime]")) {
      time.title = time.textContent;
      time.textContent = new Date(time.dateTime)
        .toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    }
  }

  // Fetch the page again and put its live part in the place of ours; keep the focus where it was.
  async function refresh() {
    waiting = 0;
    last = Date.now();
    const answer = await fetch(location.href, { headers: { "X-XSRFToken": xsrf, Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(part.id);
      if (!fresh) continue;
      const focused = part.contains(document.activeElement) && document.activeElement.getAttribute("href");
      localise(fresh);
      part.replaceChildren(...fresh.childNodes);
      if (fresh.dataset.newest) part.dataset.newest = fresh.dataset.newest;
      if (focused) part.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
    }
  }

  // At most one refresh every two seconds, however fast the class hands in.
  function soon() {
    if (!waiting) waiting = setTimeout(refresh, Math.max(100, last + 2000 - Date.now()));
  }

  // The words (a place in the queue) change in place; anything else is worth a fresh look.
  function onAttempt(event) {
    const told = JSON.parse(event.data);
    for (const place of document.querySelectorAll(`[data-attempt="${told.id}"]`)) {
      if (place.dataset.revision !== told.revision) return soon();
      const mark = place.querySelector(".mark");
      if (mark) mark.lastChild.data = ` ${told.words}`;
    }
    if (told.id > newest()) soon();
  }

  function onClass(event) {
    if (JSON.parse(event.data).version > newest()) soon();
  }

  // The latest that the page knows of; a page that does not care says nothing.
  function newest() {
    return Number(document.querySelector("[data-newest]")?.dataset.newest ?? Infinity);
  }

  function listen() {
    const source = new EventSource(`${events}?_xsrf=${encodeURIComponent(xsrf)}`);
    source.addEventListener("open", () => { failed = 0; });
    source.addEventListener("attempt", onAttempt);
    source.addEventListener("class", onClass);
    source.addEventListener("error", () => {
      // After an answer such as 503 the browser gives up by itself; we do not.
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(listen, AGAIN_MS[Math.min(failed++, AGAIN_MS.length - 1)]);
    });
  }

  localise(document);
  listen();
})();
