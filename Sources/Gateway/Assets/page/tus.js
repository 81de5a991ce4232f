// One resumable upload by tus 1.0 (https://tus.io/protocols/resumable-upload).
import { NoAnswer, Refusal, request, session } from './api.js';
import { t } from './texts.js';

const mebi = 1 << 20;
const version = {
  'Tus-Resumable': '1.0.0'
};

const base64 = text => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/** What a refusal means for the upload, in the page's language, with the service's sentence behind it. */
export function explain(error) {
  const key = { 403: 'uploads.notAllowed',
                413: 'uploads.tooLarge',
                507: 'uploads.noSpace',
                429: 'uploads.tooMany' }[error.status];
  return key ? `${t(key)} (${error.message})` : error.message;
}

/** Would the same request be refused again? */
function isFinal(error) {
  if (error instanceof NoAnswer) return false;
  if (!(error instanceof Refusal)) return true;
  if ([507, 413].includes(error.status)) return !error.retryAfter;
  return ![408, 409, 423, 429].includes(error.status) && error.status < 500;
}

/**
 * Sends a file and survives what comes between: `run` ends when all of it is there, was paused, or cannot be sent.
 *
 * `record` is what a later page needs to go on: name, size, options, `key`, and the `url` once there is one.
 * Events: `progress`, `change` (of the state), `record` (something to keep).
 */
export class TusUpload extends EventTarget {
  state = 'queued';
  offset = 0;
  /** In bytes per second, smoothed; 0 where it is not known yet. */
  speed = 0;
  /** The job that it became. */
  fid = null;
  isDuplicate = false;
  reason = '';
  file = null;
  /** So many bytes the service has for good. */
  #durable = 0;
  #xhr = null;
  #wake = null;
  #piece = 2 * mebi;

  constructor(record) {
    super();
    this.record = record;
  }

  #enter(state, reason = '') {
    Object.assign(this, { state, reason });
    if (state !== 'sending') this.speed = 0;
    this.dispatchEvent(new Event('change'));
  }

  get isRunning() { return this.state === 'sending' || this.state === 'retrying'; }

  pause() {
    if (this.state !== 'finished') this.#enter('paused');
    this.#xhr?.abort();
    this.#wake?.();
  }

  queue() { this.#enter('queued'); }

  wantFile(reason = '') { this.#enter('fileWanted', reason); }

  /** Does not wait for the end of a pause between tries. */
  tryNow() { this.#wake?.(); }

  async run() {
    this.#enter('sending');
    for (let failures = 0; this.isRunning;) {
      try {
        if (failures || this.record.url) await this.look();
        else await this.#begin();
        if (this.state !== 'finished' && this.isRunning) this.#enter('sending');
        while (this.isRunning && !this.fid) {
          await this.#sendPiece();
          failures = 0;
        }
        return;
      } catch (error) {
        if (!this.isRunning) return;
        if (error.name === 'NotReadableError') return this.wantFile(t('uploads.unreadable'));
        if (isFinal(error)) return this.#enter('failed', explain(error));
        failures += 1;
        this.offset = this.#durable;
        this.#enter('retrying', explain(error));
        await this.#rest(error.retryAfter ?? Math.min(30, 2 ** (failures - 1)) * (0.75 + Math.random() / 2));
      }
    }
  }

  /** Asks where it stands. An upload that is gone begins anew. */
  async look() {
    if (!this.record.url) return this.file && this.#begin();
    try {
      this.#take(await request(this.record.url, { method: 'HEAD', headers: version }));
    } catch (error) {
      if (![404, 410].includes(error.status)) throw error;
      this.#keep({ url: null, key: newKey() });
      this.offset = 0;
      if (!this.file) throw error;
      await this.#begin();
    }
  }

  /** Removes what came of it. */
  async discard() {
    this.pause();
    if (!this.record.url || this.fid) return;
    for (let tries = 0; tries < 5; tries += 1) {
      try {
        return await request(this.record.url, { method: 'DELETE', headers: version });
      } catch (error) {
        // The request that was broken off may still be writing.
        if (error.status !== 423 && error.status !== 409) return;
        await new Promise(resolve => setTimeout(resolve, 500));
      }
    }
  }

  async #begin() {
    const { name, size, options, key } = this.record;
    const metadata =
      Object.entries({ filename: name, ...options }).map(([word, value]) => `${word} ${base64(String(value))}`);
    const answer = await request('/files', {
      method: 'POST',
      headers:
        {...version, 'Upload-Length': String(size), 'Upload-Metadata': metadata.join(','), 'Idempotency-Key': key },
    });
    this.#keep({ url: answer.headers.get('Location') });
    this.#take(answer);
  }

  #keep(values) {
    Object.assign(this.record, values);
    this.dispatchEvent(new Event('record'));
  }

  #take(answer) {
    this.offset = this.#durable = Number(answer.headers.get('Upload-Offset') ?? this.offset);
    this.fid = answer.headers.get('Mp3spool-Fid');
    this.isDuplicate = answer.headers.get('Mp3spool-Duplicate') === 'true';
    if (this.fid) this.#enter('finished');
    else this.dispatchEvent(new Event('progress'));
  }

  #rest(seconds) {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, seconds * 1000);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Sends one PATCH. By XMLHttpRequest, since fetch does not tell how much of a body has gone. */
  async #sendPiece() {
    const token = await session.token();
    if (!this.isRunning) return;
    const start = this.offset;
    const began = performance.now();
    const answer = await this.#patch(token, this.file.slice(start, start + this.#piece));
    if (answer.status === 204) {
      this.#take(answer);
      // Large enough that the pauses between pieces do not count, small enough that little is sent twice.
      const seconds = (performance.now() - began) / 1000;
      if (seconds < 4) this.#piece = Math.min(64 * mebi, this.#piece * 2);
      if (seconds > 15) this.#piece = Math.max(mebi, this.#piece / 2);
      return;
    }
    if (await session.isToBlame(token, answer.status)) return session.lose(token);
    if ([404, 410].includes(answer.status)) return this.look();
    throw new Refusal(
      answer.status, answer.text || t('error.status', { status: answer.status }),
      Number(answer.headers.get('Retry-After')) || null
    );
  }

  #patch(token, bytes) {
    const start = this.offset;
    return new Promise((resolve, reject) => {
      const xhr = this.#xhr = new XMLHttpRequest();
      xhr.open('PATCH', this.record.url);
      const headers = {
        ...version,
        Authorization: `Bearer ${token}`,
        'Upload-Offset': String(start),
        'Content-Type': 'application/offset+octet-stream'
      };
      for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
      let [last, sent] = [performance.now(), 0];
      let heard = last;
      // A connection that has died without a word is not waited for.
      const watch = setInterval(() => performance.now() - heard > 60_000 && xhr.abort(), 5000);
      xhr.upload.onprogress = event => {
        const now = heard = performance.now();
        this.offset = start + event.loaded;
        if (now - last > 250) {
          const rate = (event.loaded - sent) * 1000 / (now - last);
          this.speed = this.speed ? this.speed * 0.85 + rate * 0.15 : rate;
          [last, sent] = [now, event.loaded];
          this.dispatchEvent(new Event('progress'));
        }
      };
      xhr.onload = () => resolve(
        { status: xhr.status, text: xhr.responseText.trim(), headers: { get: name => xhr.getResponseHeader(name) } }
      );
      xhr.onerror = async () => {
        // The same error stands for a connection that broke and for a file that changed on the disk.
        try {
          await bytes.slice(0, 1).arrayBuffer();
          reject(new NoAnswer());
        } catch (error) { reject(error); }
      };
      xhr.onabort = () => reject(new NoAnswer());
      xhr.onloadend = () => clearInterval(watch);
      xhr.send(bytes);
    });
  }
}

/** A name for one upload, by which the service knows a request that is sent again. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');
}
