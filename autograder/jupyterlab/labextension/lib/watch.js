// Asks for the marks: seldom while nothing happens, often while an attempt is being graded, never from
// a hidden tab. There is no stream: a browser has six connections to a host, for all of its tabs.

const CALM_MS = 60_000, BUSY_MS = 1000, SLOWEST_MS = 5000, FAILED_MS = 5000, LONGEST_MS = 300_000;
const EXPECTED_MS = 20_000; // After a hand-in, until the service has seen it.
const SLOWER = 1.2;

export const isUnderWay = (attempt) => ["waiting", "running"].includes(attempt.state);

export class Watch {
  #ask; #tell; #timer = 0; #asking = false; #busy = BUSY_MS; #expectedUntil = 0; #failures = 0; #told = null;

  // ask: gives a promise of what the server says. tell: is called with it, or with null on a failure.
  constructor(ask, tell) {
    [this.#ask, this.#tell] = [ask, tell];
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) clearTimeout(this.#timer);
      else this.look();
    });
  }

  async look() {
    if (this.#asking) return;
    this.#asking = true;
    clearTimeout(this.#timer);
    try {
      this.#told = await this.#ask();
      this.#failures = 0;
    } catch {
      this.#told = null;
      this.#failures += 1;
    }
    this.#asking = false;
    this.#tell(this.#told);
    if (!document.hidden) this.#timer = setTimeout(() => this.look(), this.#pause());
  }

  // Something was handed in a moment ago, so the service will have news.
  expectNews() {
    [this.#expectedUntil, this.#busy] = [Date.now() + EXPECTED_MS, BUSY_MS];
    this.look();
  }

  #pause() {
    if (this.#failures) return Math.min(FAILED_MS * 2 ** (this.#failures - 1), LONGEST_MS);
    const underWay = this.#told.courses.some((course) =>
      course.assignments.some((one) => one.attempts.some(isUnderWay)));
    if (underWay) return (this.#busy = Math.min(this.#busy * SLOWER, SLOWEST_MS));
    this.#busy = BUSY_MS;
    if (Date.now() < this.#expectedUntil) return BUSY_MS;
    return CALM_MS * (0.9 + 0.2 * Math.random()); // A class that begins together does not stay in step.
  }
}
