// The service, as the page talks to it: the session and its requests.
//
// The token is kept in localStorage, not in a cookie: a browser sends a cookie with whatever request another site makes
// it send, a token in a header only with our own. The page's Content-Security-Policy lets no script in that could read
// it.
import { t } from './texts.js';

const key = 'mp3spool.token';

/** What the service answered where it could not do what it was asked. */
export class Refusal extends Error {
  constructor(status, sentence, retryAfter) {
    super(sentence);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** There was no answer. */
export class NoAnswer extends Error {
  constructor() { super(t('error.noAnswer')); }
}

/** The claims of a token, or null for what is none. */
function claims(token) {
  try {
    const text = atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, character => character.charCodeAt(0))));
  } catch { return null; }
}

export const session = new class extends EventTarget {
  #token = null;
  #waiting = [];

  /** Who is logged in, or was until the token was lost: `username`, `admin`, `exp`. */
  user = null;

  constructor() {
    super();
    this.#token = localStorage.getItem(key);
    this.user = this.#token && claims(this.#token);
    // Another tab logged in or out.
    addEventListener('storage', event => {
      if (event.key === key && event.newValue !== this.#token)
        event.newValue ? this.#adopt(event.newValue) : this.end();
    });
  }

  get isOpen() { return Boolean(this.#token); }

  async logIn(email, password) {
    const bytes = new TextEncoder().encode(`${email}:${password}`);
    const basic = btoa(String.fromCharCode(...bytes));
    const answer = await reach('/login', { method: 'POST', headers: { Authorization: `Basic ${basic}` } });
    if (!answer.ok) throw await refusal(answer);
    this.#adopt(await answer.text());
  }

  #adopt(token) {
    const before = localStorage.getItem('mp3spool.user');
    this.#token = token;
    this.user = claims(token);
    localStorage.setItem(key, token);
    localStorage.setItem('mp3spool.user', this.user?.username ?? '');
    // What was under way was somebody else's.
    if (document.body.dataset.of && before !== this.user?.username) return location.reload();
    const waiting = this.#waiting;
    this.#waiting = [];
    this.dispatchEvent(new Event('open'));
    for (const go of waiting) go(token);
  }

  /** Logs out. */
  end() {
    localStorage.removeItem(key);
    location.hash = '';
    location.reload();
  }

  /** The token, once there is one: whoever needs it waits until somebody has logged in. */
  token() {
    const left = (this.user?.exp ?? Infinity) * 1000 - Date.now();
    if (this.#token && left <= 0) this.lose(this.#token);
    return this.#token ?? new Promise(resolve => this.#waiting.push(resolve));
  }

  /** That token is no good any more. */
  lose(token) {
    if (this.#token !== token) return;
    this.#token = null;
    localStorage.removeItem(key);
    this.dispatchEvent(new Event('lost'));
  }

  /**
   * Is a refused token to blame? 401 means so. 403 can also be a want of rights: then the same token is good enough for
   * the person's own quota.
   */
  async isToBlame(token, status) {
    if (status === 401) return true;
    if (status !== 403) return false;
    const answer = await reach('/quota', { headers: { Authorization: `Bearer ${token}` } });
    return answer.status === 401 || answer.status === 403;
  }
}();

/** fetch, of which no answer is NoAnswer. */
async function reach(path, options) {
  // With credentials a browser asks for a password itself where the service wants Basic.
  try {
    return await fetch(path, { cache: 'no-store', credentials: 'omit', ...options });
  } catch (error) { throw error.name === 'AbortError' ? error : new NoAnswer(); }
}

async function refusal(answer) {
  const sentence = (await answer.text().catch(() => '')).trim();
  return new Refusal(
    answer.status, sentence || t('error.status', { status: answer.status }),
    Number(answer.headers.get('Retry-After')) || null
  );
}

/**
 * A request with the token of whoever is logged in. It waits for a login where that is needed, and is sent again then.
 */
export async function request(path, options = {}) {
  for (;;) {
    const token = await session.token();
    const answer = await reach(path, {...options, headers: {...options.headers, Authorization: `Bearer ${token}` } });
    if (answer.ok) return answer;
    if (await session.isToBlame(token, answer.status)) session.lose(token);
    else throw await refusal(answer);
  }
}

export const get = async path => (await request(path)).json();

/** Sends JSON, or nothing; the answer is JSON, or null where it has no body. */
export async function send(method, path, value) {
  const options =
    value === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) };
  const text = await (await request(path, { method, ...options })).text();
  return text ? JSON.parse(text) : null;
}

/** Links to a job's MP3s, kept for as long as they are good. */
const links = new Map();

/** A link for the page itself, which needs no token: for <audio>, which sends none, and for downloads. */
export async function audioLink(fid, track) {
  let link = links.get(fid);
  if (!link || Date.parse(link.expires) - Date.now() < 600_000) {
    link = await send('POST', `/jobs/${fid}/link`);
    links.set(fid, link);
  }
  const { pathname, search } = new URL(link.url);
  return `${pathname}${search}${track ? `&track=${track}` : ''}`;
}

/** A link to give to others, good for a day. */
export const sharedLink = async fid => (await send('POST', `/jobs/${fid}/link`)).url;
