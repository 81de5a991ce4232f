// The list of jobs: what is in it, and a row for each, which stays the same element for as long as the job is there.
import { get, session } from './api.js';
import { announce, button, el, icon } from './dom.js';
import { failureText, JobRow } from './jobrow.js';
import { news } from './news.js';
import { t } from './texts.js';
import { uploads } from './uploads.js';

const pageSize = 50;
const states = ['', 'waiting', 'active', 'done', 'failed'];

export const jobs = new class {
  rows = new Map();
  #next = null;
  #filter = { state: '', text: '', owner: '' };
  #generation = 0;
  #isLoading = false;
  #underWay = new Set();

  constructor() {
    this.list = el('ul', { class: 'rows', 'aria-labelledby': 'jobs-title' });
    this.note = el('div', { class: 'note' });
    this.more = button('more', null, () => this.#load());
    this.more.hidden = true;
    this.chips = el(
      'div', { class: 'chips', role: 'group', tLabel: 'jobs.filter' },
      ...states.map(state => el('button', {
                      type: 'button',
                      class: 'chip',
                      t: `jobs.${state || 'all'}`,
                      'data-state': state,
                      'aria-pressed': String(state === ''),
                      onclick: () => this.#set({ state }),
                    }))
    );
    this.search = el('input', {
      type: 'search',
      tLabel: 'jobs.search',
      tHint: 'jobs.search',
      oninput: () => {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.#set({ text: this.search.value.trim() }), 250);
      }
    });
    this.owner = el(
      'select', { tLabel: 'jobs.owner', onchange: () => this.#set({ owner: this.owner.value }) },
      el('option', { value: '', t: 'jobs.everybodys' }), el('option', { value: 'mine', t: 'jobs.mine' })
    );
    this.section = el(
      'section', { class: 'panel', 'aria-labelledby': 'jobs-title' },
      el(
        'div', { class: 'bar' }, el('h2', { id: 'jobs-title', t: 'jobs.title' }), this.chips,
        el('div', { class: 'search' }, icon('search'), this.search), this.owner
      ),
      this.list, this.note, el('div', { class: 'center' }, this.more)
    );
    // Scrolling to the end shows more, too.
    new IntersectionObserver(
      entries => entries.some(entry => entry.isIntersecting) && this.#load(), { rootMargin: '600px' }
    ).observe(this.more);
  }

  async start() {
    this.owner.hidden = !session.user?.admin;
    news.addEventListener('job', ({ detail }) => this.#hear(detail.fid, detail));
    news.addEventListener('progress', ({ detail }) => this.#hear(detail.fid, detail));
    news.addEventListener('removed', ({ detail }) => this.#hear(detail.fid, null));
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
    try {
      await this.#ask(`/jobs/${fid}`, (job, heard) => heard.has(fid) || this.take(job));
    } catch { /* Events or the next look will bring it. */
    }
  }

  /** A job as it is now; null: it is gone. */
  #hear(fid, job) {
    for (const heard of this.#underWay) heard.set(fid, job);
    if (job) this.take(job);
    else this.#remove(fid);
  }

  /** Has an answer taken together with what was heard since it was asked for, which may be newer. */
  async #ask(path, take) {
    const heard = new Map();
    this.#underWay.add(heard);
    try {
      take(await get(path), heard);
    } finally { this.#underWay.delete(heard); }
  }

  async #askPage(path, take) {
    const generation = this.#generation;
    await this.#ask(path, (page, heard) => {
      if (generation !== this.#generation) return;
      const jobs = page.jobs.map(job => heard.has(job.fid) ? heard.get(job.fid) : job).filter(Boolean);
      take(jobs, heard);
      news.goOnAfter(page.event);
      this.#next = page.next ?? null;
      this.more.hidden = !this.#next;
      this.#say();
    });
  }

  #set(change) {
    Object.assign(this.#filter, change);
    for (const chip of this.chips.children)
      chip.setAttribute('aria-pressed', String(chip.dataset.state === this.#filter.state));
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
      await this.#askPage(
        this.#path(pageSize, this.#next), jobs => this.#takePage(jobs, this.#next && this.list.lastElementChild)
      );
    } catch (error) {
      if (generation !== this.#generation) return;
      this.more.hidden = true;
      this.note.replaceChildren(
        el('p', { class: 'problem', role: 'alert', textContent: t('error.load', { reason: error.message }) }),
        button('error.again', 'again', () => this.#load())
      );
    } finally {
      if (generation === this.#generation) this.#isLoading = false;
    }
  }

  /** Reads all that is shown anew, and leaves each row where it is. */
  async refreshAll() {
    const limit = Math.min(1000, Math.max(pageSize, this.rows.size));
    try {
      await this.#askPage(this.#path(limit), (jobs, heard) => {
        const found = new Set(jobs.map(job => job.fid));
        for (const fid of [...this.rows.keys()])
          if (!found.has(fid) && !heard.has(fid)) this.#remove(fid);
        this.#takePage(jobs);
      });
    } catch { /* The next contact tries again. */
    }
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
    if (this.#next && last && job.submitted <= this.#jobOf(last).submitted) return;
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
