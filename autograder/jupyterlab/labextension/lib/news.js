// What is new about somebody's attempts since this browser was last told, in words. All tabs share what
// was told, so that one notice is enough.

const KINDS = { done: "info", needs_person: "warning", refused: "error" };
let remembered = {};

// A new result of each finished attempt: { id, assignment, kind, text, feedback }. On the first visit
// everything counts as told.
export function newsOf(course) {
  const key = `nbassay-marks:${course.address}:${course.student}`;
  const before = recall(key), now = { ...before }, news = [];
  for (const { assignment, attempts } of course.assignments) {
    for (const attempt of attempts.filter((one) => one.state in KINDS)) {
      const result = [attempt.state, attempt.shows, attempt.mark].join(" ");
      if (before && before[attempt.id] !== result) news.push(noticeOf(assignment, attempt));
      now[attempt.id] = result;
    }
  }
  remember(key, now);
  return news;
}

function noticeOf(assignment, attempt) {
  const said = attempt.reason ? `${attempt.words}. ${attempt.reason}` : attempt.words;
  const marks = attempt.notebooks.map((one) => `${one.notebook}: ${one.words}`);
  const told = attempt.state === "done" && marks.length ? marks.join("\n") : `${assignment}: ${said}`;
  const feedback = attempt.notebooks.length === 1 ? attempt.notebooks[0].feedback : "";
  return { id: attempt.id, kind: KINDS[attempt.state], text: told, feedback };
}

function recall(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return remembered[key] ?? null; // This browser keeps nothing.
  }
}

function remember(key, told) {
  remembered[key] = told;
  try {
    localStorage.setItem(key, JSON.stringify(told));
  } catch {
    // What is told in one tab is then told in the others too.
  }
}
