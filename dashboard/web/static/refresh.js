// When the page asks for data: once after each choice, and again from time to time while it is live and visible.

/** @typedef {{ problems: Error[], bucketS: number | undefined }} Loaded */

const minS = 5, maxS = 60;
// The pause before a refresh is at least this many times as long as the last refresh took, so that a large lake is not queried
// all the time.
const restAfter = 8;

export class Refresh {
  /** A page that is not live asks again only after a choice. */
  live = true;
  /** The least time between two refreshes, as the server says; 0 leaves it to the page. */
  leastS = 0;

  #load; #moving; #failed;
  #timer = 0; #tookS = 0; #lastAt = -Infinity; #bucketS = 0;
  /** @type {AbortController | null} */
  #running = null;

  /**
   * @param {(signal: AbortSignal) => Promise<Loaded>} load asks for the data and shows it
   * @param {() => boolean} moving says whether the time range ends now
   * @param {(problems: Error[]) => void} failed shows problems
   */
  constructor(load, moving, failed) {
    this.#load = load;
    this.#moving = moving;
    this.#failed = failed;
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) clearTimeout(this.#timer); else if (!this.#running) this.#plan();
    });
  }

  /** Asks for everything once, and plans the next refresh. A restart cancels a refresh that is under way. */
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
      if (current() && error instanceof Error && error.name !== 'AbortError') this.#failed([error]);
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

  /** Plans the next refresh. It is later if a bucket is wider, if the last refresh took longer, or if queries cost money. */
  #plan() {
    clearTimeout(this.#timer);
    if (!this.live || !this.#moving() || document.hidden) return;
    const waitS = Math.max(this.leastS, Math.min(maxS, Math.max(minS, this.#bucketS, restAfter * this.#tookS)));
    this.#timer = setTimeout(() => this.now(), Math.max(0, 1000 * waitS - (performance.now() - this.#lastAt)));
  }
}
