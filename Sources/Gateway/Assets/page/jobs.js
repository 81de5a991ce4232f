// The list of jobs: what is in it, and a row for each, which stays the same element for as long as the job is there.
import { audioLink, get, send, session, sharedLink } from './api.js';
import { announce, ask, button, el, icon, setAttribute, setText, toast } from './dom.js';
import { news } from './news.js';
import { optionsForm, summary } from './options.js';
import { chapterList, coverURL, facts, Player } from './player.js';
import { uploads } from './uploads.js';
import { clock, hasText, languageName, moment, number, percent, size, span, t } from './texts.js';

const pageSize = 50;
const states = ['', 'waiting', 'active', 'done', 'failed'];

export const jobs = new class {
  rows = new Map();
  #next = null;
  #filter = { state: '', text: '', owner: '' };
  #generation = 0;
  #isLoading = false;

  constructor() {
    this.list = el('ul', { class: 'rows', 'aria-labelledby': 'jobs-title' });
    this.note = el('div', { class: 'note' });
    this.more = button('more', null, () => this.#load());
    this.more.hidden = true;
    this.chips = el('div', { class: 'chips', role: 'group', tLabel: 'jobs.filter' }, ...states.map(state => el('button', {
      type: 'button', class: 'chip', t: `jobs.${state || 'all'}`, 'data-state': state, 'aria-pressed': String(state === ''),
      onclick: () => this.#set({ state }),
    })));
    this.search = el('input', { type: 'search', tLabel: 'jobs.search', tHint: 'jobs.search', oninput: () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.#set({ text: this.search.value.trim() }), 250);
    } });
    this.owner = el('select', { tLabel: 'jobs.owner', onchange: () => this.#set({ owner: this.owner.value }) },
      el('option', { value: '', t: 'jobs.everybodys' }), el('option', { value: 'mine', t: 'jobs.mine' }));
    this.section = el('section', { class: 'panel', 'aria-labelledby': 'jobs-title' },
      el('div', { class: 'bar' }, el('h2', { id: 'jobs-title', t: 'jobs.title' }), this.chips, el('div', { class: 'search' }, icon('search'), this.search), this.owner),
      this.list, this.note, el('div', { class: 'center' }, this.more));
    // Scrolling to the end shows more, too.
    new IntersectionObserver(entries => entries.some(entry => entry.isIntersecting) && this.#load(), { rootMargin: '600px' }).observe(this.more);
  }

  async start() {
    this.owner.hidden = !session.user?.admin;
    news.addEventListener('job', ({ detail }) => this.take(detail));
    news.addEventListener('progress', ({ detail }) => this.take(detail));
    news.addEventListener('removed', ({ detail }) => this.#remove(detail.fid));
    news.addEventListener('reset', () => this.refreshAll());
    news.addEventListener('poll', ({ detail }) => detail.jobs.forEach(job => this.take(job)));
    uploads.addEventListener('finished', ({ detail }) => this.#fetch(detail));
    await this.#load();
  }

  refresh() {
    for (const row of this.rows.values()) row.update(row.job, true);
    this.#say();
  }

  async #fetch(fid) {
    try { this.take(await get(`/jobs/${fid}`)); } catch { /* Events or the next look will bring it. */ }
  }

  #set(change) {
    Object.assign(this.#filter, change);
    for (const chip of this.chips.children) chip.setAttribute('aria-pressed', String(chip.dataset.state === this.#filter.state));
    this.#generation += 1;
    this.#isLoading = false;
    for (const row of this.rows.values()) row.close();
    this.rows.clear();
    this.list.replaceChildren();
    this.#next = null;
    this.#load();
  }

  #fits(job) {
    const { state, text, owner } = this.#filter;
    return (!state || job.state === state) && (!owner || job.owner === session.user?.username)
      && (!text || job.name.toLowerCase().includes(text.toLowerCase()));
  }

  #path(limit, before) {
    const { state, text, owner } = this.#filter;
    const query = new URLSearchParams({ limit });
    if (state) query.set('state', state);
    if (text) query.set('text', text);
    if (owner) query.set('owner', session.user.username);
    if (before) query.set('before', before);
    return `/jobs?${query}`;
  }

  async #load() {
    if (this.#isLoading) return;
    this.#isLoading = true;
    const generation = this.#generation;
    if (!this.rows.size) this.note.replaceChildren(el('p', { class: 'faint', t: 'loading' }));
    try {
      const page = await get(this.#path(pageSize, this.#next));
      if (generation !== this.#generation) return;
      this.#takePage(page.jobs, this.#next && this.list.lastElementChild);
      this.#next = page.next ?? null;
      this.more.hidden = !this.#next;
      this.#say();
    } catch (error) {
      if (generation !== this.#generation) return;
      this.more.hidden = true;
      this.note.replaceChildren(el('p', { class: 'problem', role: 'alert', textContent: t('error.load', { reason: error.message }) }),
        button('error.again', 'again', () => this.#load()));
    } finally {
      if (generation === this.#generation) this.#isLoading = false;
    }
  }

  /** Reads all that is shown anew, and leaves each row where it is. */
  async refreshAll() {
    const generation = this.#generation;
    const limit = Math.min(1000, Math.max(pageSize, this.rows.size));
    try {
      const page = await get(this.#path(limit));
      if (generation !== this.#generation) return;
      const found = new Set(page.jobs.map(job => job.fid));
      for (const fid of [...this.rows.keys()]) if (!found.has(fid)) this.#remove(fid);
      this.#next = page.next ?? null;
      this.more.hidden = !this.#next;
      this.#takePage(page.jobs);
      this.#say();
    } catch { /* The next contact tries again. */ }
  }

  /** Takes a page's jobs in its order, which is known exactly only to the service: a job says its second. */
  #takePage(page, before = null) {
    for (const job of page) {
      if (!this.rows.has(job.fid) && this.#fits(job)) {
        const row = this.#make(job);
        if (before) before.after(row.element);
        else this.list.prepend(row.element);
      } else this.take(job);
      before = this.rows.get(job.fid)?.element ?? before;
    }
  }

  /** Shows how a job is now. A new one comes above those of its second. */
  take(job) {
    const row = this.rows.get(job.fid);
    if (row) this.#tellEnd(row.job, job);
    if (!this.#fits(job)) return this.#remove(job.fid);
    if (row) return row.update(job);
    // What lies below the part that is loaded comes with its page.
    const last = this.list.lastElementChild;
    if (this.#next && last && job.submitted < this.#jobOf(last).submitted) return;
    this.list.insertBefore(this.#make(job).element, this.#successor(job));
    this.#say();
  }

  #make(job) {
    const row = new JobRow(job);
    this.rows.set(job.fid, row);
    return row;
  }

  #jobOf(element) { return this.rows.get(element.dataset.fid).job; }

  #successor(job) {
    const last = this.list.lastElementChild;
    if (last && job.submitted < this.#jobOf(last).submitted) return null;
    return [...this.list.children].find(element => job.submitted >= this.#jobOf(element).submitted) ?? null;
  }

  #tellEnd(before, job) {
    if (before.state === job.state || job.owner !== session.user?.username) return;
    if (job.state === 'done') announce(t('jobs.isDone', { name: job.name }));
    if (job.state === 'failed') announce(t('jobs.hasFailed', { name: job.name, reason: failureText(job.error) }));
  }

  #remove(fid) {
    const row = this.rows.get(fid);
    if (!row) return;
    const next = row.element.nextElementSibling ?? row.element.previousElementSibling;
    const hadFocus = row.element.contains(document.activeElement);
    row.close();
    row.element.remove();
    this.rows.delete(fid);
    if (hadFocus) (next?.querySelector('.expand') ?? document.querySelector('#content')).focus();
    this.#say();
  }

  #say() {
    if (this.rows.size) return this.note.replaceChildren();
    const { state, text, owner } = this.#filter;
    if (state || text || owner) {
      this.note.replaceChildren(el('p', { class: 'faint', t: 'jobs.noneFound' }), button('jobs.showAll', null, () => {
        this.search.value = '';
        this.owner.value = '';
        this.#set({ state: '', text: '', owner: '' });
        this.chips.firstElementChild.focus();
      }));
    } else this.note.replaceChildren(icon('note'), el('p', { class: 'faint', t: 'jobs.empty' }));
  }
}();

function failureText(failure) {
  return t(hasText(`failure.${failure?.code}`) ? `failure.${failure.code}` : 'failure.other');
}

const stateIcons = { waiting: 'clock', active: 'note', done: 'note', failed: 'alert' };

/** One job as people see it. */
class JobRow {
  #player = null;
  #drawn = '';

  constructor(job) {
    this.job = job;
    this.detailID = `detail-${job.fid}`;
    this.cover = el('div', { class: 'cover' });
    this.name = el('h3', { class: 'name' });
    this.meta = el('p', { class: 'meta' });
    this.problem = el('p', { class: 'meta problem', hidden: true });
    this.bar = el('progress', { max: 1, hidden: true });
    this.buttons = {
      play: button('jobs.play', 'play', () => this.#play(), { kind: 'soft round', bare: true }),
      download: button('jobs.download', 'download', () => this.#download(), { kind: 'download', bare: true }),
      retry: button('jobs.retry', 'again', () => this.#act(() => send('POST', `/jobs/${job.fid}/retry`))),
      cancel: button('jobs.cancel', 'close', () => this.#cancel(), { bare: true }),
    };
    this.expand = el('button', { type: 'button', class: 'button bare expand', 'aria-expanded': 'false', 'aria-controls': this.detailID,
      tTitle: 'jobs.details', onclick: () => this.#toggle() }, icon('more'));
    this.detail = el('div', { class: 'detail', id: this.detailID, hidden: true });
    this.element = el('li', { class: 'row job', 'data-fid': job.fid }, this.cover,
      el('div', { class: 'text' }, this.name, this.meta, this.problem),
      el('div', { class: 'actions' }, ...Object.values(this.buttons), this.expand), this.bar, this.detail);
    this.update(job, true);
  }

  update(job, isForced = false) {
    const before = this.job;
    this.job = job;
    const focused = document.activeElement;
    setText(this.name, job.name);
    setAttribute(this.name, 'title', job.name);
    setAttribute(this.expand, 'aria-label', `${t('jobs.details')}: ${job.name}`);
    for (const [name, one] of Object.entries(this.buttons)) setAttribute(one, 'aria-label', `${t(`jobs.${name}`)}: ${job.name}`);
    this.element.dataset.state = job.state;
    this.buttons.play.hidden = job.state !== 'done' || this.isOpen;
    this.buttons.download.hidden = job.state !== 'done';
    this.buttons.retry.hidden = job.state !== 'failed';
    this.buttons.cancel.hidden = job.state !== 'waiting' && job.state !== 'active';
    // A button that goes with its state leaves the focus in its row.
    if (focused?.hidden && this.element.contains(focused)) this.expand.focus();
    setText(this.meta, this.#sentence());
    this.problem.hidden = job.state !== 'failed';
    if (job.state === 'failed') setText(this.problem, failureText(job.error));
    this.#showBar(job);
    const drawn = `${job.state} ${job.attempt} ${Boolean(job.result)}`;
    if (drawn !== this.#drawn) {
      this.#drawn = drawn;
      this.#showCover(job);
      if (this.isOpen && (before.state !== job.state || isForced)) this.#fill();
    } else if (isForced && this.isOpen) this.#fill();
  }

  get isOpen() { return !this.detail.hidden; }

  #showBar(job) {
    this.bar.hidden = job.state !== 'active';
    if (this.bar.hidden) return;
    setAttribute(this.bar, 'aria-label', t('jobs.progress', { name: job.name }));
    // Where the source does not say how long it is, the bar shows only that something goes on.
    if (job.progress?.fraction === undefined) this.bar.removeAttribute('value');
    else this.bar.value = job.progress.fraction;
  }

  #showCover(job) {
    this.cover.replaceChildren(icon(stateIcons[job.state]), el('span', { class: 'unseen', t: `state.${job.state}` }));
    if (!job.result?.cover) return;
    coverURL(job.fid).then(url => {
      this.cover.replaceChildren(el('img', { src: url, alt: '', width: 48, height: 48 }), el('span', { class: 'unseen', t: `state.${job.state}` }));
    }, () => {});
  }

  #sentence() {
    const { job } = this;
    const parts = [];
    if (job.state === 'waiting') parts.push(t('jobs.isWaiting'));
    if (job.state === 'active') {
      const { progress } = job;
      if (!progress) parts.push(t('jobs.isStarting'));
      else if (progress.fraction === undefined) parts.push(t('jobs.isActiveLong', { position: clock(progress.position), speed: number(progress.speed, progress.speed < 10 ? 1 : 0) }));
      else parts.push(t('jobs.isActive', { percent: percent(progress.fraction), speed: number(progress.speed, progress.speed < 10 ? 1 : 0), left: span(progress.timeLeft ?? 0) }));
      if (job.host) parts.push(t('jobs.on', { host: job.host }));
    }
    if (job.result) parts.push(clock(job.result.duration), size(job.result.byteCount), `${number(job.result.bitrate / 1000)} kbit/s`);
    else parts.push(size(job.size));
    if (job.attempt && job.state !== 'done') parts.push(t('jobs.attempt', { number: job.attempt + 1 }));
    parts.push(moment(job.finished ?? job.submitted));
    if (job.owner !== session.user?.username) parts.push(t('jobs.by', { owner: job.owner }));
    return parts.join(' · ');
  }

  // MARK: What people do with it

  #toggle() {
    this.detail.hidden = this.isOpen;
    setAttribute(this.expand, 'aria-expanded', this.isOpen);
    this.element.classList.toggle('open', this.isOpen);
    // An open row has a player with a button of its own.
    this.buttons.play.hidden = this.job.state !== 'done' || this.isOpen;
    if (this.isOpen) this.#fill();
    else this.close();
  }

  #fill() {
    this.close();
    const { job } = this;
    const content = [];
    if (job.state === 'done' && job.result) content.push(...this.#results());
    if (job.state === 'failed' && job.error) content.push(el('p', { class: 'said', textContent: t('jobs.said', { sentence: job.error.sentence }) }));
    content.push(facts(job, job.result));
    const acts = [];
    if (job.state === 'done') acts.push(button('jobs.copy', 'link', () => this.#copy()));
    if (job.state === 'done' || job.state === 'failed') {
      acts.push(button('jobs.otherOptions', 'options', () => this.#otherOptions()), button('jobs.delete', 'trash', () => this.#delete(), { kind: 'danger-text' }));
    }
    if (acts.length) content.push(el('div', { class: 'buttons' }, ...acts));
    this.detail.replaceChildren(...content);
  }

  #results() {
    const { job } = this;
    const player = this.#player = new Player(job);
    const content = [player.element, chapterList(player)];
    if (job.result.cover) {
      const image = el('img', { class: 'large-cover', alt: t('player.cover'), hidden: true });
      coverURL(job.fid).then(url => Object.assign(image, { src: url, hidden: false }), () => {});
      content.unshift(image);
    }
    const others = job.result.otherTracks ?? [];
    if (others.length) {
      this.others = others.map(result => new Player(job, result, result.track));
      content.push(el('div', { class: 'tracks' }, el('h4', { t: 'player.tracks' }), ...others.map((result, index) => el('div', { class: 'track' },
        el('p', {}, `${t('options.track.number', { number: result.track })}${result.language && result.language !== 'und' ? ` · ${languageName(result.language)}` : ''}`),
        this.others[index].element, button('jobs.download', 'download', () => this.#download(result.track), { bare: true })))));
    }
    return content.filter(Boolean);
  }

  #play() {
    this.#toggle();
    this.#player?.toggle.focus();
    this.#player?.playOrPause();
  }

  close() {
    this.#player?.close();
    for (const other of this.others ?? []) other.close();
    this.#player = null;
    this.others = [];
  }

  async #act(work) {
    try { await work(); } catch (error) { toast(error.message, { isError: true }); }
  }

  #download(track) {
    return this.#act(async () => {
      const link = el('a', { href: await audioLink(this.job.fid, track), download: '' });
      document.body.append(link);
      link.click();
      link.remove();
    });
  }

  #copy() {
    return this.#act(async () => {
      const url = await sharedLink(this.job.fid);
      try {
        await navigator.clipboard.writeText(url);
        toast(t('jobs.copied'));
      } catch { await showSecret(t('jobs.link'), url); }
    });
  }

  #cancel() {
    const { job } = this;
    return ask({ title: t('jobs.cancel.title', { name: job.name }), text: t('jobs.cancel.text'), yes: 'jobs.cancel.yes', no: 'jobs.cancel.no', isDanger: true,
      act: () => send('DELETE', `/jobs/${job.fid}`) });
  }

  async #delete() {
    const { job } = this;
    const isGone = await ask({ title: t('jobs.delete.title', { name: job.name }), text: t('jobs.delete.text'), yes: 'jobs.delete', isDanger: true,
      act: async () => { await send('DELETE', `/jobs/${job.fid}`); return true; } });
    if (isGone) toast(t('jobs.deleted', { name: job.name }));
  }

  /** The service keeps a job's options; others need a new upload. */
  #otherOptions() {
    const { job } = this;
    const form = optionsForm({ ...job.options, track: job.options.track && String(job.options.track), loudness: job.options.loudness && String(job.options.loudness) });
    return ask({ title: t('jobs.otherOptions.title', { name: job.name }), text: t('jobs.otherOptions.text'), content: [form.body], yes: 'uploads.choose',
      act: async () => {
        const options = { ...form.values(), duplicate: 'convert' };
        const input = el('input', { type: 'file', onchange: () => uploads.add([...input.files].map(file => ({ file })), options) });
        input.click();
        return true;
      } });
  }
}

/** Something that is shown once, to be copied. */
export function showSecret(title, value) {
  const input = el('input', { value, readonly: true, 'aria-label': title, class: 'secret', onfocus: event => event.target.select() });
  const copy = button('copy', 'link', async () => {
    input.select();
    try { await navigator.clipboard.writeText(value); } catch { document.execCommand('copy'); }
    announce(t('copied'));
  });
  return ask({ title, content: [el('div', { class: 'copy' }, input, copy)], yes: 'ok', no: null });
}
