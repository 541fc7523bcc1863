// The side panel's content, from what the service says. All of it goes in as text, never as HTML.

const NEAR_MS = 48 * 3600 * 1000, STALE_MS = 600_000; // Due dates come near while nothing else changes.

const moment = (iso) => new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });

function make(name, text = "", className = "") {
  const found = document.createElement(name);
  found.textContent = text;
  if (className) found.className = className;
  return found;
}

// Where a page of the service is; only addresses of the web are followed.
export function addressOf(course, page) {
  const found = new URL(page, new URL(course.address, location.href));
  return ["http:", "https:"].includes(found.protocol) ? found.href : "";
}

function link(course, page, text) {
  const found = make("a", text);
  Object.assign(found, { href: addressOf(course, page), target: "_blank", rel: "noopener" });
  return found;
}

function due(when) {
  if (!when) return make("p", "no due date", "soft");
  const left = Date.parse(when) - Date.now();
  if (left < 0) return make("p", `was due ${moment(when)}`, "soft");
  if (left < NEAR_MS) return make("p", `due soon: ${moment(when)}`, "near");
  return make("p", `due ${moment(when)}`);
}

// What the rules leave, before anybody submits again; the words are those of the service's pages.
function rules({ limit, left, next_at: next }) {
  const said = [];
  if (limit && !left) {
    said.push(`No attempts left: all ${limit} are used, and another one is not graded.`);
  } else if (limit) {
    said.push(`${left} of ${limit} ${limit === 1 ? "attempt" : "attempts"} left.`);
  }
  if (next && left !== 0) said.push(`The next attempt is graded from ${moment(next)} on.`);
  return said.map((text) => make("p", text, left === 0 ? "near" : "soft"));
}

function notebooks(course, attempt) {
  const list = make("ul");
  for (const one of attempt.notebooks) {
    const item = make("li", `${one.notebook}: ${one.words} `);
    if (one.feedback) item.append(link(course, one.feedback, `Feedback on ${one.notebook}`));
    list.append(item);
  }
  return attempt.notebooks.length ? [list] : [];
}

function attempts(course, [latest, ...earlier]) {
  if (!latest) return [make("p", "Nothing submitted yet.", "soft")];
  const counting = [latest, ...earlier].find((one) => one.counts);
  const came = `Submitted ${moment(latest.arrived)}${latest.late ? " (late)" : ""}: ${latest.words}`;
  const parts = [make("p", came, latest.state === "refused" ? "near" : "")];
  if (latest.reason) parts.push(make("p", latest.reason, "reason"));
  if (counting?.mark) parts.unshift(make("p", counting.mark, "total"));
  if (counting && counting !== latest) {
    parts.push(make("p", `Your mark is that of ${moment(counting.arrived)}.`, "soft"));
  }
  return [...parts, ...notebooks(course, counting ?? latest)];
}

function article(course, one) {
  const found = make("article"), heading = make("h3");
  heading.append(link(course, one.page, one.assignment));
  found.append(heading, due(one.due), ...attempts(course, one.attempts), ...rules(one));
  return found;
}

// Show what the service says, or that it says nothing; what is the same stays, and the focus stays.
export function show(node, told) {
  const trouble = told ? "" : "Marks cannot be read now. This panel tries again.";
  node.querySelector("[role=status]").textContent = trouble;
  const text = JSON.stringify([told, Math.floor(Date.now() / STALE_MS)]);
  if (!told || node.dataset.shown === text) return;
  node.dataset.shown = text;
  const body = node.querySelector(".body"), { activeElement } = document;
  const focused = body.contains(activeElement) && activeElement.href;
  body.replaceChildren(...told.courses.flatMap((course) => {
    const heading = make("h2");
    heading.append(link(course, "", course.course));
    return [heading, ...course.assignments.map((one) => article(course, one))];
  }));
  if (!told.courses.length) body.append(make("p", "You are in no course of this hub whose marks are shown here."));
  if (focused) [...body.querySelectorAll("a")].find((one) => one.href === focused)?.focus();
}

// The empty panel. look: is called when its reader wants to know now.
export function empty(look) {
  const node = make("div", "", "nbassay-marks"), top = make("header"), again = make("button", "Look again");
  again.type = "button";
  again.addEventListener("click", look);
  const status = make("p", "", "near");
  status.setAttribute("role", "status");
  top.append(make("strong", "Marks"), again);
  node.append(top, status, make("div", "", "body"));
  return node;
}
