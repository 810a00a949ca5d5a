// When the page asks for data: once for each choice, and again by itself while it is live and can be seen.

const minS = 5, maxS = 60;
// A refresh waits at least this many times as long as the one before it took, so that a large lake is not queried all the time.
const restAfter = 8;

export class Refresh {
  /** A paused page asks again only for another choice. */
  live = true;
  /** How long a page waits at least, as the server says; 0 leaves it to the page. */
  leastS = 0;

  #load; #moving; #failed; #timer = 0; #running = null; #tookS = 0; #lastAt = -Infinity; #bucketS = 0;

  /**
   * load(signal) asks for the data, shows it, and returns the problems and the width of a bucket. moving() says whether the
   * range ends now. failed(problems) shows problems.
   */
  constructor(load, moving, failed) {
    this.#load = load;
    this.#moving = moving;
    this.#failed = failed;
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) clearTimeout(this.#timer); else if (!this.#running) this.#plan();
    });
  }

  /** Asks for everything once and plans the next time. A restart gives up what is under way for what was chosen since. */
  async now({ restart = false } = {}) {
    clearTimeout(this.#timer);
    if (this.#running && !restart) return;
    this.#running?.abort();
    const controller = new AbortController(), current = () => this.#running === controller;
    this.#running = controller;
    document.body.classList.add('loading');
    try {
      const began = performance.now();
      const { problems, bucketS } = await this.#load(controller.signal);
      this.#tookS = (performance.now() - began) / 1000;
      this.#bucketS = bucketS ?? this.#bucketS;
      if (current()) this.#failed(problems);
    } catch (error) {
      if (current() && error.name !== 'AbortError') this.#failed([error]);
    } finally {
      if (current()) {
        this.#running = null;
        this.#lastAt = performance.now();
        document.body.classList.remove('loading');
        document.body.dataset.loaded = String(Number(document.body.dataset.loaded ?? 0) + 1);
        this.#plan();
      }
    }
  }

  /** Plans the next refresh, for as long after the last one as the range, the lake and the price of queries ask for. */
  #plan() {
    clearTimeout(this.#timer);
    if (!this.live || !this.#moving() || document.hidden) return;
    const waitS = Math.max(this.leastS, Math.min(maxS, Math.max(minS, this.#bucketS, restAfter * this.#tookS)));
    this.#timer = setTimeout(() => this.now(), Math.max(0, 1000 * waitS - (performance.now() - this.#lastAt)));
  }
}
