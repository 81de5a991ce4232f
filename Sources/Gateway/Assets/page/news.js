// What happens in the service: server-sent events by fetch, since EventSource sends no Authorization, and where none
// come through, polling.
import { request, session } from './api.js';

// The service says something at least every 15 s.
const silence = 40_000;
const pollEvery = 4_000;

/**
 * Dispatches `job`, `progress` and `removed` with their data, `reset` where the list must be read anew, `poll` where it
 * should be looked at since there are no events, and `contact` where the page's being up to date begins or ends.
 */
export const news = new class extends EventTarget {
  /** Since when there has been no contact; null where there is. */
  lostSince = null;
  #last = '';
  #failures = 0;
  #wake = null;
  #abort = null;

  async run() {
    addEventListener('online', () => this.tryNow());
    addEventListener('offline', () => {
      this.#failures += 1;
      this.#lost();
      this.#abort?.abort();
    });
    document.addEventListener(
      'visibilitychange', () => document.visibilityState === 'visible' && this.lostSince && this.tryNow()
    );
    for (;;) {
      // However the stream ended, it begins again.
      await this.#follow().catch(() => {});
      this.#failures += 1;
      if (this.#failures > 1) this.#poll();
      await this.#pause(Math.min(30_000, 1000 * 2 ** Math.min(this.#failures, 5)) * (0.75 + Math.random() / 2));
    }
  }

  /** All up to that event is known, from a list; the first stream begins there, so that nothing falls between the two. */
  goOnAfter(event) { this.#last ||= String(event); }

  /** Does not wait for the end of the pause. */
  tryNow() { this.#wake?.(); }

  /** Somebody heard the service just now. */
  heard() {
    if (this.lostSince === null) return;
    this.lostSince = null;
    this.dispatchEvent(new Event('contact'));
  }

  #lost() {
    if (this.lostSince !== null) return;
    this.lostSince = new Date();
    this.dispatchEvent(new Event('contact'));
  }

  #pause(duration) {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, duration);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Follows one stream to its end. */
  async #follow() {
    const abort = this.#abort = new AbortController();
    let watch = setTimeout(() => abort.abort(), silence);
    try {
      const answer =
        await request('/events', { signal: abort.signal, headers: this.#last ? { 'Last-Event-ID': this.#last } : {} });
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(watch);
        watch = setTimeout(() => abort.abort(), silence);
        // Without an id to go on from, what happened in between is only in the list.
        if (this.#failures && !this.#last) this.#tell('reset');
        this.#failures = 0;
        this.heard();
        const blocks = (text + value).split('\n\n');
        text = blocks.pop();
        for (const block of blocks) this.#take(block);
      }
    } finally { clearTimeout(watch); }
  }

  #take(block) {
    const fields = {};
    for (const line of block.split('\n')) {
      const colon = line.indexOf(':');
      if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 1).trimStart();
    }
    if (fields.id) this.#last = fields.id;
    if (fields.event) this.#tell(fields.event, JSON.parse(fields.data ?? '{}'));
  }

  #tell(name, data) { this.dispatchEvent(new CustomEvent(name, { detail: data })); }

  #isPolling = false;

  /** Looks at the list again and again until there are events. */
  async #poll() {
    if (this.#isPolling) return;
    this.#isPolling = true;
    while (this.#failures > 0) {
      if (session.isOpen) {
        try {
          const answer = await request('/jobs?limit=50', { signal: AbortSignal.timeout(10_000) });
          this.#tell('poll', await answer.json());
          this.heard();
        } catch { this.#lost(); }
      }
      await new Promise(resolve => setTimeout(resolve, pollEvery));
    }
    this.#isPolling = false;
  }
}();
