// Keeps a page current without a reload. The page works without this script; it only saves typing.
//
// A browser opens six connections to a host over HTTP/1.1, and a stream holds one of them for good. So
// all windows of this service share one stream: a visible window that holds the lock listens, and
// tells the others over a channel that something changed. Hidden windows neither listen nor ask.
// Other users' servers share our origin. They can see and hold the lock: then nobody tells anything,
// and each window asks for itself. They do not know the channel's name, and nothing is sent there but
// "look again".
"use strict";

(() => {
  const { events, xsrf, channel: name } = document.currentScript.dataset;
  const QUIET_MS = 12000; // The stream says something every five seconds.
  const ASK_MS = 5000; // Without a stream, the page is fetched this often.
  const SLOW_MS = 300000; // Words such as "due in two hours" grow old.
  const AGAIN_MS = [1000, 2000, 5000, 15000, 60000];
  const BURST = 5, REFILL_MS = 2000;

  let waiting = 0, busy = false, again = false, tokens = BURST, filled = Date.now();
  let heard = Date.now(), asked = Date.now(), problem = "";
  let part = null; // While this window takes part: an AbortController that ends it.
  let channel = null;

  // Times in the reader's own zone; the server's stays as a title.
  function localise(root) {
    for (const time of root.querySelectorAll("time[datetime]")) {
      time.title = time.textContent;
      time.textContent = new Date(time.dateTime)
        .toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    }
  }

  // Fetch the page again, and say where the page stands if that fails.
  async function refresh() {
    waiting = 0;
    if (busy) { again = true; return; }
    busy = true;
    tokens -= 1;
    asked = Date.now();
    try {
      const answer = await fetch(location.href, {
        headers: { "X-XSRFToken": xsrf, Accept: "text/html" },
        signal: AbortSignal.timeout(QUIET_MS),
      });
      if (answer.redirected || answer.status === 401 || answer.status === 403) {
        problem = "you are not signed in any more, or may not see this page.";
      } else if (!answer.ok) {
        problem = "the service does not answer.";
      } else {
        replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
        problem = "";
      }
    } catch {
      problem = navigator.onLine ? "the service does not answer." : "this computer is offline.";
    }
    busy = false;
    sign();
    if (again) { again = false; soon(); }
  }

  // Put the live parts of a fresh page in the place of ours. What is open stays open, the focus stays
  // where it was, and what a screen reader should hear of the change is said.
  function replace(page) {
    const said = sayings(document);
    for (const place of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(place.id);
      if (!fresh) continue;
      const focused = place.contains(document.activeElement) ? keyOf(document.activeElement) : "";
      for (const opened of place.querySelectorAll("details[open][id]")) {
        fresh.querySelector(`#${CSS.escape(opened.id)}`)?.setAttribute("open", "");
      }
      localise(fresh);
      place.replaceChildren(...fresh.childNodes);
      Object.assign(place.dataset, fresh.dataset);
      if (focused) place.querySelector(focused)?.focus();
    }
    const news = [...sayings(document)].filter(([key, text]) => said.get(key) !== text);
    if (news.length) document.getElementById("said").textContent = news.map((one) => one[1]).join(" ");
  }

  function keyOf(element) {
    if (element.id) return `#${CSS.escape(element.id)}`;
    const link = element.getAttribute("href");
    return link ? `[href="${CSS.escape(link)}"]` : "";
  }

  function sayings(root) {
    const text = (place) => place.textContent.trim().replace(/\s+/g, " ");
    return new Map([...root.querySelectorAll("[data-say]")].map((one) => [one.dataset.say, text(one)]));
  }

  // The steps of one submission follow each other at once, and each shows at once. However fast a class
  // submits, the page is fetched no more than once in two seconds after that.
  function soon() {
    if (waiting || document.hidden) return;
    const now = Date.now();
    tokens = Math.min(BURST, tokens + (now - filled) / REFILL_MS);
    filled = now;
    waiting = setTimeout(refresh, tokens >= 1 ? 30 : (1 - tokens) * REFILL_MS);
  }

  // A sign while the page is not live. It stays when only the stream is away and asking still works.
  function sign() {
    const place = document.getElementById("sign");
    const text = problem && `Not live: ${problem} `;
    if (place.dataset.text === text) return;
    place.dataset.text = text;
    place.replaceChildren();
    if (!text) return;
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = "Reload this page";
    place.append(text, link);
  }

  // The words (a place in the queue) change in place; anything else is worth a fresh look.
  function onAttempt(event) {
    alive();
    tell("look");
    const told = JSON.parse(event.data);
    for (const place of document.querySelectorAll(`[data-attempt="${told.id}"]`)) {
      if (place.dataset.revision !== told.revision) return soon();
      const mark = place.querySelector(".mark");
      if (mark) mark.lastChild.data = ` ${told.words}`;
    }
    if (told.id > known("newest")) soon();
  }

  function onClass(event) {
    alive();
    tell("look");
    if (JSON.parse(event.data).version > known("version")) soon();
  }

  // The latest that the page knows of; a page that does not care says nothing.
  function known(name) {
    return Number(document.querySelector(`[data-${name}]`)?.dataset[name] ?? Infinity);
  }

  function alive() {
    heard = Date.now();
    if (problem) soon();
  }

  function tell(word) {
    channel?.postMessage(word);
  }

  // Listen for all windows until the signal comes. The promise ends then, and the lock goes on.
  function lead(signal) {
    return new Promise((done) => {
      let source, retry = 0, watch = 0, failed = 0;
      const open = () => {
        retry = 0;
        heard = Date.now();
        source = new EventSource(`${events}?_xsrf=${encodeURIComponent(xsrf)}`);
        // Other windows were without a stream for a moment.
        source.addEventListener("open", () => { failed = 0; alive(); tell("look"); });
        source.addEventListener("attempt", onAttempt);
        source.addEventListener("class", onClass);
        source.addEventListener("alive", () => { alive(); tell("alive"); });
        source.addEventListener("error", () => {
          // After an answer such as 503 the browser gives up by itself; we do not.
          if (source.readyState === EventSource.CLOSED) reopen();
        });
      };
      const reopen = () => {
        source.close();
        clearTimeout(retry);
        retry = setTimeout(open, AGAIN_MS[Math.min(failed++, AGAIN_MS.length - 1)]);
      };
      // A connection that died without a word, as behind a laptop's lid, tells nothing.
      watch = setInterval(() => {
        if (!retry && Date.now() - heard > 2 * QUIET_MS) reopen();
      }, QUIET_MS);
      signal.addEventListener("abort", () => {
        clearInterval(watch);
        clearTimeout(retry);
        source.close();
        done();
      });
      open();
    });
  }

  function takePart() {
    if (part || document.hidden) return;
    part = new AbortController();
    const { signal } = part;
    heard = Date.now();
    channel = new BroadcastChannel(name);
    channel.addEventListener("message", ({ data }) => {
      alive();
      if (data === "look") soon();
    });
    // Browsers have locks only where the connection is safe; without them, each window asks.
    if (!navigator.locks) heard = -Infinity;
    else navigator.locks.request(`marks ${name.slice(0, 8)}`, { signal }, () => lead(signal)).catch(() => {});
  }

  function leave() {
    part?.abort();
    channel?.close();
    part = channel = null;
    clearTimeout(waiting);
    waiting = 0;
  }

  function tick() {
    if (document.hidden) return;
    const now = Date.now(), silent = now - heard > QUIET_MS;
    if (now - asked > (silent || problem ? ASK_MS : SLOW_MS)) soon();
  }

  localise(document);
  if (!events) return;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return leave();
    takePart();
    soon();
  });
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => { if (event.persisted) { takePart(); soon(); } });
  addEventListener("offline", () => { problem = "this computer is offline."; sign(); });
  addEventListener("online", soon);
  setInterval(tick, 1000);
  takePart();
})();
